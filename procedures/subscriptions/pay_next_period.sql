-- Pays the next period of a subscription that is due on a day. Runs inside its caller's transaction.
--
-- Parameters
--   p_subscription_id  which subscription
--   p_on               the day, UTC
-- Errors
--   30012 NO_SUCH_SUBSCRIPTION
--   30013 NOT_RENEWABLE
--   30014 NOT_DUE
--   30015 CANCELS_AT_PERIOD_END
-- Example
--   CALL pay_next_period(5, UTC_DATE());

DELIMITER $$
CREATE PROCEDURE pay_next_period(IN p_subscription_id BIGINT UNSIGNED, IN p_on DATE)
  COMMENT 'Pays the next period of a subscription'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_status     VARCHAR(20);
  DECLARE v_ends       BOOLEAN;
  DECLARE v_due        DATE;
  DECLARE v_period_end DATE;
  DECLARE v_next_end   DATE;
  DECLARE v_price      DECIMAL(10,2);
  DECLARE v_tries      INT;

  SELECT subscription.status, subscription.cancel_at_period_end, subscription.next_billing_date,
         subscription.current_period_end, plan.price,
         next_period_end(subscription.current_period_end, plan.months, DAY(subscription.start_date))
    INTO v_status, v_ends, v_due, v_period_end, v_price, v_next_end
    FROM subscriptions subscription
    STRAIGHT_JOIN subscription_plans plan USING (plan_type)
   WHERE subscription.subscription_id = p_subscription_id
     FOR UPDATE OF subscription FOR SHARE OF plan;
  IF v_status IS NULL THEN
    CALL raise_error('NO_SUCH_SUBSCRIPTION', p_subscription_id);
  END IF;
  IF v_status NOT IN ('active', 'past_due') THEN
    CALL raise_error('NOT_RENEWABLE', p_subscription_id);
  END IF;
  IF v_ends THEN
    CALL raise_error('CANCELS_AT_PERIOD_END', p_subscription_id);
  END IF;
  IF v_due > p_on THEN
    CALL raise_error('NOT_DUE', p_subscription_id);
  END IF;

  -- apart from the INSERT, which would lock the gap that it reads
  SELECT COALESCE(MAX(retry_count) + 1, 0) INTO v_tries
    FROM subscription_payments
   WHERE subscription_id = p_subscription_id AND billing_period_start = v_period_end AND status = 'failed';
  INSERT INTO subscription_payments (subscription_id, amount, billing_period_start, billing_period_end, status, retry_count)
  VALUES (p_subscription_id, v_price, v_period_end, v_next_end, 'completed', v_tries);
  UPDATE subscriptions
     SET status = 'active', current_period_end = v_next_end, next_billing_date = v_next_end
   WHERE subscription_id = p_subscription_id;
END$$
DELIMITER ;
