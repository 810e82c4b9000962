-- Sells one of a sale's seats at its price: enrollment, payment, events and access, or nothing.
--
-- Parameters
--   p_user_id  who buys
--   p_sale_id  in which sale
--   p_result   one of the outcomes
-- Outcomes
--   NOT_ACTIVE        no such sale, outside its time, or its course is not active
--   NOT_ELIGIBLE      no such student, deleted, or prerequisites missing
--   ALREADY_ENROLLED  an enrollment in the course is in force
--   SOLD_OUT          no seat is left
--   SUCCESS           sold; at price 0 without a payment
-- Errors
--   30001 MISSING_ARGUMENT
-- Example
--   CALL enroll_in_flash_sale(7, 3, @result);
--   SELECT @result;
--   SUCCESS

DELIMITER $$
CREATE PROCEDURE enroll_in_flash_sale(IN p_user_id BIGINT UNSIGNED, IN p_sale_id BIGINT UNSIGNED, OUT p_result VARCHAR(100))
  COMMENT 'Sells one of a sale''s seats'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined        BOOLEAN;
  DECLARE v_student_id    BIGINT UNSIGNED;
  DECLARE v_course_id     BIGINT UNSIGNED;
  DECLARE v_price         DECIMAL(10,2);
  DECLARE v_is_active     BOOLEAN;
  DECLARE v_claimed       BOOLEAN;
  DECLARE v_enrollment_id BIGINT UNSIGNED;
  DECLARE v_payment_id    BIGINT UNSIGNED;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT enroll_in_flash_sale; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_argument('p_user_id', p_user_id);
  CALL require_argument('p_sale_id', p_sale_id);

  CALL begin_or_join(v_joined);
  SAVEPOINT enroll_in_flash_sale;
  SELECT user_id INTO v_student_id FROM users WHERE user_id = p_user_id AND deleted_at IS NULL FOR UPDATE;
  CALL lock_flash_sale(p_sale_id, v_course_id, v_price, v_is_active);
  IF NOT v_is_active THEN
    SET p_result = 'NOT_ACTIVE';
  ELSEIF v_student_id IS NULL OR is_missing_prerequisites(p_user_id, v_course_id) THEN
    SET p_result = 'NOT_ELIGIBLE';
  ELSEIF has_enrollment(p_user_id, v_course_id) THEN
    SET p_result = 'ALREADY_ENROLLED';
  ELSE
    CALL claim_sale_seat(p_sale_id, NOT v_joined, v_claimed);
    SET p_result = IF(v_claimed, 'SUCCESS', 'SOLD_OUT');
  END IF;

  IF p_result = 'SUCCESS' THEN
    CALL add_enrollment(p_user_id, v_course_id, p_sale_id, v_enrollment_id);
    IF v_enrollment_id IS NULL THEN
      ROLLBACK TO SAVEPOINT enroll_in_flash_sale;
      SET p_result = 'ALREADY_ENROLLED';
    ELSEIF v_price > 0 THEN
      CALL charge_for_enrollment(p_user_id, v_enrollment_id, v_price, 'credit_card',
                                 CONCAT('flash_', p_sale_id, '_', UUID()), v_payment_id);
    END IF;
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT enroll_in_flash_sale; ELSE COMMIT; END IF;
END$$
DELIMITER ;
