-- What the fraud rules ask of a user's charges.
--
-- A locking read of them would lock the gap behind the user's last payment, and buyers in REPEATABLE READ transactions
-- would deadlock there. It is needed only where the caller's snapshot is older than the user's last payment: the user's
-- clock tells.
--
-- Parameters
--   p_user_id   who; the row is locked
--   p_payments  charges of the last 24 hours that are not failed
--   p_spent     their sum, USD
--   p_average   of the completed charges, archived ones too, USD; NULL: none
-- Example
--   CALL sum_payments(7, @payments, @spent, @average);

DELIMITER $$
CREATE PROCEDURE sum_payments(
  IN  p_user_id  BIGINT UNSIGNED,
  OUT p_payments INT,
  OUT p_spent    DECIMAL(14,2),
  OUT p_average  DECIMAL(14,6)
)
  COMMENT 'What the fraud rules ask of a user''s charges'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_day_ago DATETIME(6) DEFAULT UTC_TIMESTAMP(6) - INTERVAL 24 HOUR;
  DECLARE v_seen    DATETIME(6);
  DECLARE v_changed DATETIME(6);
  DECLARE v_completed, v_old_completed INT;
  DECLARE v_sum, v_old_sum DECIMAL(14,2);

  SELECT changed_at INTO v_seen FROM payment_clocks WHERE user_id = p_user_id;
  SELECT changed_at INTO v_changed FROM payment_clocks WHERE user_id = p_user_id FOR UPDATE;
  IF v_seen <=> v_changed THEN
    SELECT COUNT(IF(status <> 'failed' AND created_at >= v_day_ago, 1, NULL)),
           COALESCE(SUM(IF(status <> 'failed' AND created_at >= v_day_ago, amount, 0)), 0),
           COUNT(IF(status = 'completed', 1, NULL)),
           COALESCE(SUM(IF(status = 'completed', amount, 0)), 0)
      INTO p_payments, p_spent, v_completed, v_sum
      FROM payments WHERE user_id = p_user_id AND kind = 'charge';
    SELECT COUNT(*), COALESCE(SUM(amount), 0) INTO v_old_completed, v_old_sum
      FROM payments_history WHERE user_id = p_user_id AND kind = 'charge' AND status = 'completed';
  ELSE
    SELECT COUNT(IF(status <> 'failed' AND created_at >= v_day_ago, 1, NULL)),
           COALESCE(SUM(IF(status <> 'failed' AND created_at >= v_day_ago, amount, 0)), 0),
           COUNT(IF(status = 'completed', 1, NULL)),
           COALESCE(SUM(IF(status = 'completed', amount, 0)), 0)
      INTO p_payments, p_spent, v_completed, v_sum
      FROM payments WHERE user_id = p_user_id AND kind = 'charge' FOR SHARE;
    SELECT COUNT(*), COALESCE(SUM(amount), 0) INTO v_old_completed, v_old_sum
      FROM payments_history WHERE user_id = p_user_id AND kind = 'charge' AND status = 'completed' FOR SHARE;
  END IF;
  SET p_average = (v_sum + v_old_sum) / NULLIF(v_completed + v_old_completed, 0);
END$$
DELIMITER ;
