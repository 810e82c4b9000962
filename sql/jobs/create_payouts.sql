-- Pays the instructors for the month that is over, on its first day or when it can; on every other day it finds that done.
--
-- daily at: 03:00
CALL create_payouts(LAST_DAY(UTC_DATE() - INTERVAL 1 MONTH), @payouts);
