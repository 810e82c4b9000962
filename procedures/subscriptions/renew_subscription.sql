-- Renews a subscription that is due: one completed payment for the next period, dates one plan length on.
--
-- The period keeps the day of the month the subscription started on: 31 January, 28 February, 31 March. One call pays
-- one period. On a database error the attempt is undone, the subscription becomes past_due, a failed payment counts
-- the tries, and the error is passed on; a later call tries the same period again.
--
-- Parameters
--   p_subscription_id  which subscription
-- Errors
--   30001 MISSING_ARGUMENT
--   30012 NO_SUCH_SUBSCRIPTION
--   30013 NOT_RENEWABLE
--   30014 NOT_DUE
--   30015 CANCELS_AT_PERIOD_END
-- Example
--   CALL renew_subscription(5);
--   SELECT status, next_billing_date FROM subscriptions WHERE subscription_id = 5;
--   active  2026-12-31

DELIMITER $$
CREATE PROCEDURE renew_subscription(IN p_subscription_id BIGINT UNSIGNED)
  COMMENT 'Renews a subscription that is due'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  CALL require_argument('p_subscription_id', p_subscription_id);
  CALL renew_subscription_on(p_subscription_id, UTC_DATE());
END$$
DELIMITER ;
