-- Scores an order as one purchase of its total and writes the alerts, each with the order's id. They refuse nothing. Runs
-- inside its caller's transaction, the user's row being locked.
--
-- Parameters
--   p_order_id  the order, not free of charge
--   p_user_id   who buys
-- Example
--   CALL score_order(9, 7);
--   SELECT rule_id, alert_level FROM fraud_alerts WHERE alert_data->>'$.order_id' = 9;
--   2  medium

DELIMITER $$
CREATE PROCEDURE score_order(IN p_order_id BIGINT UNSIGNED, IN p_user_id BIGINT UNSIGNED)
  COMMENT 'Scores an order as one purchase and writes the alerts'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_total        DECIMAL(12,2);
  DECLARE v_fraud_score  INT;
  DECLARE v_should_block BOOLEAN;
  DECLARE v_first_alert  BIGINT UNSIGNED;

  SELECT total INTO v_total FROM orders WHERE order_id = p_order_id FOR UPDATE;
  CALL score_purchase(p_user_id, v_total, v_fraud_score, v_should_block, v_first_alert);
  IF v_first_alert IS NOT NULL THEN
    UPDATE fraud_alerts SET alert_data = JSON_SET(alert_data, '$.order_id', p_order_id)
     WHERE user_id = p_user_id AND alert_id >= v_first_alert;
  END IF;
END$$
DELIMITER ;
