-- Pays the instructors for the month that is over, on the first day that it can; on every other day that is done.
--
-- daily at: 03:00
CALL create_payouts(LAST_DAY(UTC_DATE() - INTERVAL 1 MONTH), @payouts);
