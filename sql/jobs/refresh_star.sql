-- Builds yesterday's facts.
--
-- daily at: 00:20
CALL refresh_star(UTC_DATE() - INTERVAL 1 DAY);
