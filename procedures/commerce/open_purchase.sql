-- Opens the sale of a course: admission, fraud check, pending payment, held seat; a free course is enrolled in at once.
-- Runs inside its caller's transaction.
--
-- Parameters
--   p_user_id, p_course_id, p_payment_method, p_idempotency_key  as in begin_purchase
--   p_payment_id  the pending payment; NULL unless PENDING
--   p_status      one of the outcomes
-- Outcomes
--   COURSE_NOT_AVAILABLE   unknown, draft or archived
--   ALREADY_ENROLLED       an enrollment is in force, or a purchase or order of the course is pending
--   MISSING_PREREQUISITES  something required is not completed
--   COURSE_FULL            no seat is free
--   FRAUD_BLOCKED          the fraud rules stand against it; their alerts stay
--   SUCCESS                enrolled in a free course
--   PENDING                the seat is held
-- Errors
--   30005 KEY_REUSED  a payment with that key stands already
-- Example
--   CALL open_purchase(7, 1, 'paypal', 'cart-7-1', @payment_id, @status);

DELIMITER $$
CREATE PROCEDURE open_purchase(
  IN  p_user_id         BIGINT UNSIGNED,
  IN  p_course_id       BIGINT UNSIGNED,
  IN  p_payment_method  VARCHAR(50),
  IN  p_idempotency_key VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin,
  OUT p_payment_id      BIGINT UNSIGNED,
  OUT p_status          VARCHAR(50)
)
  COMMENT 'Opens the sale of a course inside the caller''s transaction'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
sale: BEGIN
  DECLARE v_price         DECIMAL(10,2);
  DECLARE v_fraud_score   INT;
  DECLARE v_first_alert   BIGINT UNSIGNED;
  DECLARE v_should_block  BOOLEAN;
  DECLARE v_enrollment_id BIGINT UNSIGNED;
  DECLARE v_facts         JSON;
  DECLARE EXIT HANDLER FOR 1062 SET p_status = 'ALREADY_ENROLLED';  -- held by a call that a snapshot does not show

  CALL admit_buyer(p_user_id, p_course_id, p_status, v_price);
  IF p_status <> 'CAN_ENROLL' THEN
    LEAVE sale;
  END IF;
  IF v_price = 0 THEN
    CALL add_enrollment(p_user_id, p_course_id, NULL, v_enrollment_id);
    SET p_status = IF(v_enrollment_id IS NULL, 'ALREADY_ENROLLED', 'SUCCESS');
    LEAVE sale;
  END IF;
  CALL score_purchase(p_user_id, v_price, v_fraud_score, v_should_block, v_first_alert);
  IF v_should_block THEN
    SET p_status = IF(has_enrollment_now(p_user_id, p_course_id), 'ALREADY_ENROLLED', 'FRAUD_BLOCKED');
    LEAVE sale;
  END IF;

  BEGIN
    DECLARE EXIT HANDLER FOR 1062 CALL raise_error('KEY_REUSED', p_idempotency_key);
    INSERT INTO payments (user_id, course_id, amount, payment_method, idempotency_key)
    VALUES (p_user_id, p_course_id, v_price, p_payment_method, p_idempotency_key);
  END;
  SET p_payment_id = LAST_INSERT_ID(), v_facts = JSON_OBJECT('course_id', p_course_id, 'amount', v_price);
  INSERT INTO payment_events (payment_id, event_type, event_data) VALUES
    (p_payment_id, 'initiated',              v_facts),
    (p_payment_id, 'payment_gateway_called', v_facts);
  IF v_first_alert IS NOT NULL THEN
    UPDATE fraud_alerts SET payment_id = p_payment_id WHERE user_id = p_user_id AND alert_id >= v_first_alert;
  END IF;
  INSERT INTO seat_holds (student_id, course_id, payment_id) VALUES (p_user_id, p_course_id, p_payment_id);
  SET p_status = 'PENDING';
END$$
DELIMITER ;
