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
--   30065 OUT_OF_RANGE
-- Example
--   CALL check_fraud(7, 600.00, @score, @block);
--   SELECT @score, @block;
--   30  0

DELIMITER $$
CREATE PROCEDURE check_fraud(
  IN  p_user_id      BIGINT,
  IN  p_amount       DECIMAL(65,2),
  OUT p_fraud_score  INT,
  OUT p_should_block BOOLEAN
)
  COMMENT 'Scores a purchase by the fraud rules'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined         BOOLEAN;
  DECLARE v_deleted_at     DATETIME(6);
  DECLARE v_first_alert_id BIGINT UNSIGNED;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT check_fraud; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_user_id', p_user_id);
  CALL require_argument('p_amount', p_amount);
  IF p_amount <= 0 THEN
    CALL raise_error('BAD_AMOUNT', p_amount);
  END IF;

  IF p_amount > 99999999.99 THEN
    CALL raise_error('OUT_OF_RANGE', CONCAT('p_amount ', p_amount));
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT check_fraud;
  CALL lock_user(p_user_id, v_deleted_at);
  CALL score_purchase(p_user_id, p_amount, p_fraud_score, p_should_block, v_first_alert_id);

  IF v_joined THEN RELEASE SAVEPOINT check_fraud; ELSE COMMIT; END IF;
END$$
DELIMITER ;
