-- Moves what was closed a year ago into the history.
--
-- daily at: 04:00
CALL archive_payments(UTC_DATE() - INTERVAL 1 YEAR, 500, @moved);
