-- One step of renew_due_subscriptions: one period of one subscription, in a transaction of its own.
--
-- Parameters
--   p_subscription_id  which subscription
--   p_on               the day, UTC
--   p_outcome          one of the outcomes
-- Outcomes
--   RENEWED    a period was paid; there may be more
--   CANCELLED  it ended with its period
--   FAILED     a database error; recorded unless it was a lock's
--   NOTHING    not due any more, or somebody else is at it
-- Example
--   CALL renew_next_period(5, UTC_DATE(), @outcome);

DELIMITER $$
CREATE PROCEDURE renew_next_period(IN p_subscription_id BIGINT UNSIGNED, IN p_on DATE, OUT p_outcome VARCHAR(10))
  COMMENT 'One step of renew_due_subscriptions'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_ends       BOOLEAN;
  DECLARE v_period_end DATE;
  DECLARE v_errno      INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    GET STACKED DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
    ROLLBACK;
    SET p_outcome = 'FAILED';
    IF v_errno NOT IN (1205, 1213) THEN
      BEGIN
        DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;  -- the batch goes on with the next one
        CALL record_failed_renewal(p_subscription_id, p_on);
      END;
    END IF;
  END;

  CALL begin_owned();
  SELECT cancel_at_period_end, current_period_end INTO v_ends, v_period_end
    FROM subscriptions
   WHERE subscription_id = p_subscription_id AND status IN ('active', 'past_due') AND next_billing_date <= p_on
     FOR UPDATE SKIP LOCKED;
  IF v_ends IS NULL OR (v_ends AND v_period_end > p_on) THEN
    SET p_outcome = 'NOTHING';
  ELSEIF v_ends THEN
    UPDATE subscriptions SET status = 'cancelled' WHERE subscription_id = p_subscription_id;
    SET p_outcome = 'CANCELLED';
  ELSE
    CALL pay_next_period(p_subscription_id, p_on);
    SET p_outcome = 'RENEWED';
  END IF;
  COMMIT;
END$$
DELIMITER ;
