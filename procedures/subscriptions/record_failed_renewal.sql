-- Records that a renewal failed on a database error: past_due, and a failed payment that counts the tries.
--
-- Parameters
--   p_subscription_id  which subscription
--   p_amount           what would have been paid, USD
--   p_period_start     first day of the period
--   p_period_end       first day of the period after it
-- Example
--   CALL record_failed_renewal(5, 29.00, '2026-03-31', '2026-04-30');

DELIMITER $$
CREATE PROCEDURE record_failed_renewal(
  IN p_subscription_id BIGINT UNSIGNED,
  IN p_amount          DECIMAL(10,2),
  IN p_period_start    DATE,
  IN p_period_end      DATE
)
  COMMENT 'Records that a renewal failed on a database error'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined BOOLEAN;
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
  UPDATE subscriptions SET status = 'past_due' WHERE subscription_id = p_subscription_id;
  INSERT INTO subscription_payments (subscription_id, amount, billing_period_start, billing_period_end, status)
  VALUES (p_subscription_id, p_amount, p_period_start, p_period_end, 'failed') AS fresh
      ON DUPLICATE KEY UPDATE retry_count = retry_count + 1, amount = fresh.amount;
  IF v_joined THEN RELEASE SAVEPOINT record_failed_renewal; ELSE COMMIT; END IF;
END$$
DELIMITER ;
