-- Records that a renewal failed on a database error: past_due, and a failed payment that counts the tries.
--
-- While the attempt was undone, another run may have paid the period: then nothing failed, and nothing is recorded.
--
-- Parameters
--   p_subscription_id  which subscription
--   p_on               the day it was due on, UTC
-- Example
--   CALL record_failed_renewal(5, UTC_DATE());

DELIMITER $$
CREATE PROCEDURE record_failed_renewal(IN p_subscription_id BIGINT UNSIGNED, IN p_on DATE)
  COMMENT 'Records that a renewal failed on a database error'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_period_end DATE;
  DECLARE v_next_end   DATE;
  DECLARE v_price      DECIMAL(10,2);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT record_failed_renewal; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL begin_or_join(v_joined);
  SAVEPOINT record_failed_renewal;
  SELECT subscription.current_period_end, plan.price,
         next_period_end(subscription.current_period_end, plan.months, DAY(subscription.start_date))
    INTO v_period_end, v_price, v_next_end
    FROM subscriptions subscription
    STRAIGHT_JOIN subscription_plans plan USING (plan_type)
   WHERE subscription.subscription_id = p_subscription_id
     AND subscription.status IN ('active', 'past_due') AND subscription.next_billing_date <= p_on
     FOR UPDATE OF subscription FOR SHARE OF plan;
  IF v_period_end IS NOT NULL THEN
    UPDATE subscriptions SET status = 'past_due' WHERE subscription_id = p_subscription_id;
    INSERT INTO subscription_payments (subscription_id, amount, billing_period_start, billing_period_end, status)
    VALUES (p_subscription_id, v_price, v_period_end, v_next_end, 'failed') AS fresh
        ON DUPLICATE KEY UPDATE retry_count = retry_count + 1, amount = fresh.amount;
  END IF;
  IF v_joined THEN RELEASE SAVEPOINT record_failed_renewal; ELSE COMMIT; END IF;
END$$
DELIMITER ;
