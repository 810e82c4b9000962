-- Renews a subscription for its next period if it is due on a day. What renew_subscription and the batch share.
--
-- Parameters
--   p_subscription_id  which subscription
--   p_on               the day, UTC
-- Errors
--   30012 NO_SUCH_SUBSCRIPTION
--   30013 NOT_RENEWABLE
--   30014 NOT_DUE
--   30015 CANCELS_AT_PERIOD_END
--   any other database error, passed on after it was recorded
-- Example
--   CALL renew_subscription_on(5, UTC_DATE());

DELIMITER $$
CREATE PROCEDURE renew_subscription_on(IN p_subscription_id BIGINT UNSIGNED, IN p_on DATE)
  COMMENT 'Renews a subscription that is due on a day'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_status     VARCHAR(20);
  DECLARE v_ends       BOOLEAN;
  DECLARE v_period_end DATE;
  DECLARE v_next_end   DATE;
  DECLARE v_due        DATE;
  DECLARE v_price      DECIMAL(10,2);
  DECLARE v_errno      INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    GET STACKED DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT renew_subscription_on; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    IF v_next_end IS NOT NULL AND v_errno NOT IN (1205, 1213) AND v_errno NOT BETWEEN 30000 AND 32767 THEN
      BEGIN
        DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;  -- the first error is the one to tell
        CALL record_failed_renewal(p_subscription_id, v_price, v_period_end, v_next_end);
      END;
    END IF;
    RESIGNAL;
  END;

  CALL begin_or_join(v_joined);
  SAVEPOINT renew_subscription_on;
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

  INSERT INTO subscription_payments (subscription_id, amount, billing_period_start, billing_period_end, status, retry_count)
  SELECT p_subscription_id, v_price, v_period_end, v_next_end, 'completed', COALESCE(MAX(failed.retry_count) + 1, 0)
    FROM subscription_payments failed
   WHERE failed.subscription_id = p_subscription_id AND failed.billing_period_start = v_period_end
     AND failed.status = 'failed';
  UPDATE subscriptions
     SET status = 'active', current_period_end = v_next_end, next_billing_date = v_next_end
   WHERE subscription_id = p_subscription_id;

  IF v_joined THEN RELEASE SAVEPOINT renew_subscription_on; ELSE COMMIT; END IF;
END$$
DELIMITER ;
