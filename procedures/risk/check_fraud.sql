-- Scores a purchase by the fraud rules and writes an alert for each that fires.
--
-- Payments that are not failed count for payments_24h and spent_24h; times_average compares with the user's completed
-- charges and does not fire without any. A new or changed rule takes effect at once.
--
-- Parameters
--   p_user_id       who
--   p_amount        of the purchase, USD, above 0
--   p_fraud_score   sum of the scores of the rules that fire
--   p_should_block  the score reaches policy fraud_block_score, or a rule with action block fires
-- Errors
--   30001 MISSING_ARGUMENT
--   30002 NO_SUCH_USER
--   30008 BAD_AMOUNT
-- Example
--   CALL check_fraud(7, 600.00, @score, @block);
--   SELECT @score, @block;
--   30  0

DELIMITER $$
CREATE PROCEDURE check_fraud(
  IN  p_user_id      BIGINT UNSIGNED,
  IN  p_amount       DECIMAL(10,2),
  OUT p_fraud_score  INT,
  OUT p_should_block BOOLEAN
)
  COMMENT 'Scores a purchase by the fraud rules'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_deleted_at DATETIME(6);
  DECLARE v_day_ago    DATETIME(6) DEFAULT UTC_TIMESTAMP(6) - INTERVAL 24 HOUR;
  DECLARE v_payments   INT;
  DECLARE v_spent      DECIMAL(14,2);
  DECLARE v_average    DECIMAL(14,6);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT check_fraud; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_argument('p_user_id', p_user_id);
  CALL require_argument('p_amount', p_amount);
  IF p_amount <= 0 THEN
    CALL raise_error('BAD_AMOUNT', p_amount);
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT check_fraud;
  CALL lock_user(p_user_id, v_deleted_at);
  SELECT COUNT(IF(status <> 'failed' AND created_at >= v_day_ago, 1, NULL)),
         COALESCE(SUM(IF(status <> 'failed' AND created_at >= v_day_ago, amount, 0)), 0),
         AVG(IF(status = 'completed', amount, NULL))
    INTO v_payments, v_spent, v_average
    FROM payments WHERE user_id = p_user_id AND kind = 'charge' FOR SHARE;

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
    SET p_fraud_score = 0, p_should_block = FALSE;
  ELSE
    SELECT SUM(JSON_VALUE(alert.alert_data, '$.score' RETURNING SIGNED)), MAX(rule.action = 'block')
      INTO p_fraud_score, p_should_block
      FROM fraud_alerts alert JOIN fraud_detection_rules rule USING (rule_id)
     WHERE alert.user_id = p_user_id AND alert.alert_id >= LAST_INSERT_ID()
       FOR SHARE OF rule;
    SET p_should_block = p_should_block OR p_fraud_score >= policy_value('fraud_block_score');
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT check_fraud; ELSE COMMIT; END IF;
END$$
DELIMITER ;
