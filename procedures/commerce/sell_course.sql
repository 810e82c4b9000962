-- Sells a course: admission, fraud check, enrollment, charge. Runs inside its caller's transaction.
--
-- Parameters
--   p_user_id, p_course_id, p_payment_method, p_transaction_id  as in process_course_purchase
--   p_enrollment_id  the new enrollment; NULL unless SUCCESS
--   p_status         one of the outcomes
-- Outcomes
--   COURSE_NOT_AVAILABLE   unknown, draft or archived
--   ALREADY_ENROLLED       an enrollment is in force
--   MISSING_PREREQUISITES  something required is not completed
--   COURSE_FULL            no seat is free
--   FRAUD_BLOCKED          the fraud rules stand against it; their alerts stay
--   SUCCESS                sold
-- Example
--   CALL sell_course(7, 1, 'paypal', 'ch_3AbC', @enrollment_id, @status);

DELIMITER $$
CREATE PROCEDURE sell_course(
  IN  p_user_id        BIGINT UNSIGNED,
  IN  p_course_id      BIGINT UNSIGNED,
  IN  p_payment_method VARCHAR(50),
  IN  p_transaction_id VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin,
  OUT p_enrollment_id  BIGINT UNSIGNED,
  OUT p_status         VARCHAR(50)
)
  COMMENT 'Sells a course inside the caller''s transaction'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
sale: BEGIN
  DECLARE v_price        DECIMAL(10,2);
  DECLARE v_fraud_score  INT;
  DECLARE v_should_block BOOLEAN DEFAULT FALSE;
  DECLARE v_payment_id   BIGINT UNSIGNED;
  DECLARE v_first_alert  BIGINT UNSIGNED;

  CALL admit_student(p_user_id, p_course_id, p_status, v_price);
  IF p_status <> 'CAN_ENROLL' THEN
    LEAVE sale;
  END IF;
  IF v_price > 0 THEN
    CALL score_purchase(p_user_id, v_price, v_fraud_score, v_should_block, v_first_alert);
  END IF;
  IF v_should_block THEN
    SET p_status = IF(has_enrollment_now(p_user_id, p_course_id), 'ALREADY_ENROLLED', 'FRAUD_BLOCKED');
    LEAVE sale;
  END IF;
  CALL add_enrollment(p_user_id, p_course_id, NULL, p_enrollment_id);
  IF p_enrollment_id IS NULL THEN
    SET p_status = 'ALREADY_ENROLLED';
    LEAVE sale;
  END IF;

  IF v_price > 0 THEN
    CALL charge_for_enrollment(p_user_id, p_enrollment_id, v_price, p_payment_method, p_transaction_id, v_payment_id);
    IF v_first_alert IS NOT NULL THEN
      UPDATE fraud_alerts SET payment_id = v_payment_id WHERE user_id = p_user_id AND alert_id >= v_first_alert;
    END IF;
  END IF;
  SET p_status = 'SUCCESS';
END$$
DELIMITER ;
