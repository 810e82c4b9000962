-- Scores a purchase and writes the alerts. Runs inside its caller's transaction, the user's row being locked.
--
-- Parameters
--   p_user_id, p_amount, p_fraud_score, p_should_block  as in check_fraud
--   p_first_alert_id  the first of the alerts; NULL: no rule fired
-- Example
--   CALL score_purchase(7, 600.00, @score, @block, @first_alert_id);

DELIMITER $$
CREATE PROCEDURE score_purchase(
  IN  p_user_id        BIGINT UNSIGNED,
  IN  p_amount         DECIMAL(12,2),
  OUT p_fraud_score    INT,
  OUT p_should_block   BOOLEAN,
  OUT p_first_alert_id BIGINT UNSIGNED
)
  COMMENT 'Scores a purchase and writes the alerts'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_payments INT;
  DECLARE v_spent    DECIMAL(14,2);
  DECLARE v_average  DECIMAL(14,6);

  CALL sum_payments(p_user_id, v_payments, v_spent, v_average);
  INSERT INTO fraud_alerts (user_id, rule_id, alert_level, alert_data)
  SELECT p_user_id, rule_id,
         CASE WHEN action = 'block' OR score >= 100 THEN 'critical'
              WHEN score >= 50 THEN 'high'
              WHEN score >= 30 THEN 'medium'
              ELSE 'low' END,
         JSON_OBJECT('metric', metric, 'value', value, 'over', over_limit, 'score', score, 'amount', p_amount)
    FROM (SELECT rule_id, action,
                 JSON_VALUE(rule_condition, '$.metric') AS metric,
                 JSON_VALUE(rule_condition, '$.over'  RETURNING DECIMAL(20,6)) AS over_limit,
                 JSON_VALUE(rule_condition, '$.score' RETURNING SIGNED) AS score,
                 CASE JSON_VALUE(rule_condition, '$.metric')
                   WHEN 'payments_24h'  THEN v_payments
                   WHEN 'spent_24h'     THEN v_spent
                   WHEN 'amount'        THEN p_amount
                   WHEN 'times_average' THEN p_amount / v_average
                 END AS value
            FROM fraud_detection_rules) rule
   WHERE value > over_limit;
  IF ROW_COUNT() = 0 THEN
    SET p_fraud_score = 0, p_should_block = FALSE, p_first_alert_id = NULL;
  ELSE
    SET p_first_alert_id = LAST_INSERT_ID();
    SELECT SUM(JSON_VALUE(alert.alert_data, '$.score' RETURNING SIGNED)), MAX(rule.action = 'block')
      INTO p_fraud_score, p_should_block
      FROM fraud_alerts alert JOIN fraud_detection_rules rule USING (rule_id)
     WHERE alert.user_id = p_user_id AND alert.alert_id >= p_first_alert_id
       FOR SHARE OF rule;
    SET p_should_block = p_should_block OR p_fraud_score >= policy_value('fraud_block_score');
  END IF;
END$$
DELIMITER ;
