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
--   30065 OUT_OF_RANGE
-- Example
--   CALL renew_subscription(5);
--   SELECT status, next_billing_date FROM subscriptions WHERE subscription_id = 5;
--   active  2026-12-31

DELIMITER $$
CREATE PROCEDURE renew_subscription(IN p_subscription_id BIGINT)
  COMMENT 'Renews a subscription that is due'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined BOOLEAN;
  DECLARE v_errno  INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    GET STACKED DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT renew_subscription; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    IF v_errno NOT IN (1205, 1213) AND v_errno NOT BETWEEN 30000 AND 32767 THEN
      BEGIN
        DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;  -- the first error is the one to tell
        CALL record_failed_renewal(p_subscription_id, UTC_DATE());
      END;
    END IF;
    RESIGNAL;
  END;

  CALL require_id('p_subscription_id', p_subscription_id);

  CALL begin_or_join(v_joined);
  SAVEPOINT renew_subscription;
  CALL pay_next_period(p_subscription_id, UTC_DATE());
  IF v_joined THEN RELEASE SAVEPOINT renew_subscription; ELSE COMMIT; END IF;
END$$
DELIMITER ;
