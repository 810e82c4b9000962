-- Sells one of a sale's seats at its price: enrollment, payment, events and access, or nothing.
--
-- Every buyer pays for every statement here: docs/benchmarks.md tells how much. Whether the buyer is enrolled already is
-- told by the key when the enrollment is stored; it is looked for only where that would come too late.
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
--   30065 OUT_OF_RANGE
-- Example
--   CALL enroll_in_flash_sale(7, 3, @result);
--   SELECT @result;
--   SUCCESS

DELIMITER $$
CREATE PROCEDURE enroll_in_flash_sale(
  IN  p_user_id BIGINT,
  IN  p_sale_id BIGINT,
  OUT p_result  VARCHAR(100)
)
  COMMENT 'Sells one of a sale''s seats'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined, v_is_active, v_requires, v_claimed BOOLEAN;
  DECLARE v_is_missing, v_is_enrolled BOOLEAN DEFAULT FALSE;
  DECLARE v_student_id, v_course_id, v_enrollment_id, v_payment_id BIGINT UNSIGNED;
  DECLARE v_price                     DECIMAL(10,2);
  DECLARE v_slots                     SMALLINT UNSIGNED;
  DECLARE v_start_time, v_end_time    DATETIME(6);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT enroll_in_flash_sale; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  IF COALESCE(LEAST(p_user_id, p_sale_id), -1) < 0 THEN
    CALL require_id('p_user_id', p_user_id);
    CALL require_id('p_sale_id', p_sale_id);
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT enroll_in_flash_sale;
  SELECT user_id INTO v_student_id FROM users WHERE user_id = p_user_id AND deleted_at IS NULL FOR UPDATE;
  SELECT course_id INTO v_course_id FROM flash_sale_terms WHERE sale_id = p_sale_id;
  IF v_course_id IS NULL THEN  -- an old snapshot does not show a new sale
    SELECT course_id INTO v_course_id FROM flash_sale_terms WHERE sale_id = p_sale_id FOR SHARE;
  END IF;
  SELECT status = 'active',
         EXISTS (SELECT 1 FROM course_prerequisites required WHERE required.course_id = v_course_id FOR SHARE)
    INTO v_is_active, v_requires
    FROM courses WHERE course_id = v_course_id FOR SHARE;
  SELECT discount_price, slots, start_time, end_time INTO v_price, v_slots, v_start_time, v_end_time
    FROM flash_sale_terms WHERE sale_id = p_sale_id FOR SHARE;
  -- in a statement of its own: the clock of the one that waited for the lock stood still
  SET v_is_active = COALESCE(v_is_active AND UTC_TIMESTAMP(6) BETWEEN v_start_time AND v_end_time, FALSE);
  IF v_requires THEN
    SET v_is_missing = is_missing_prerequisites(p_user_id, v_course_id);
  END IF;
  IF v_joined THEN  -- a seat that is claimed and given up stays locked until the caller commits
    SET v_is_enrolled = has_enrollment(p_user_id, v_course_id);
  END IF;

  IF NOT v_is_active THEN
    SET p_result = 'NOT_ACTIVE';
  ELSEIF v_student_id IS NULL OR v_is_missing THEN
    SET p_result = 'NOT_ELIGIBLE';
  ELSEIF v_is_enrolled THEN
    SET p_result = 'ALREADY_ENROLLED';
  ELSE
    CALL claim_sale_seat(p_sale_id, v_slots, NOT v_joined, v_claimed);
    IF NOT v_claimed THEN
      SET p_result = IF(has_enrollment(p_user_id, v_course_id), 'ALREADY_ENROLLED', 'SOLD_OUT');
    ELSE
      CALL add_enrollment(p_user_id, v_course_id, p_sale_id, v_enrollment_id);
      IF v_enrollment_id IS NULL THEN
        ROLLBACK TO SAVEPOINT enroll_in_flash_sale;
        SET p_result = 'ALREADY_ENROLLED';
      ELSE
        SET p_result = 'SUCCESS';
      END IF;
    END IF;
  END IF;
  IF p_result = 'SUCCESS' AND v_price > 0 THEN
    CALL charge_for_enrollment(p_user_id, v_enrollment_id, v_price, 'credit_card',
                               CONCAT('flash_', p_sale_id, '_', UUID()), v_payment_id);
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT enroll_in_flash_sale; ELSE COMMIT; END IF;
END$$
DELIMITER ;
