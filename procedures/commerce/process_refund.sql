-- Gives a buyer the money for an enrollment back and ends it: charge refunded, access ended, seat free.
--
-- Parameters
--   p_enrollment_id  which enrollment
--   p_result         one of the outcomes
-- Outcomes
--   ERROR: Enrollment not found         there is none of that id
--   ERROR: Already refunded             once is enough
--   ERROR: Refund period expired        more UTC days ago than policy refund_window_days
--   ERROR: Course progress exceeds 20%  more is done than policy refund_progress_limit
--   ERROR: No completed payment found   nothing to give back
--   SUCCESS: Refunded $<amount>         done
-- Errors
--   30001 MISSING_ARGUMENT
--   30065 OUT_OF_RANGE
-- Example
--   CALL process_refund(12, @result);
--   SELECT @result;
--   SUCCESS: Refunded $49.99

DELIMITER $$
CREATE PROCEDURE process_refund(IN p_enrollment_id BIGINT, OUT p_result VARCHAR(100))
  COMMENT 'Gives the money for an enrollment back and ends it'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined      BOOLEAN;
  DECLARE v_student_id  BIGINT UNSIGNED;
  DECLARE v_course_id   BIGINT UNSIGNED;
  DECLARE v_deleted_at  DATETIME(6);
  DECLARE v_status      VARCHAR(20);
  DECLARE v_enrolled_at DATETIME(6);
  DECLARE v_progress    DECIMAL(5,2);
  DECLARE v_payment_id  BIGINT UNSIGNED;
  DECLARE v_amount      DECIMAL(10,2);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT process_refund; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_enrollment_id', p_enrollment_id);

  CALL begin_or_join(v_joined);
  SAVEPOINT process_refund;
  SELECT student_id INTO v_student_id FROM enrollments WHERE enrollment_id = p_enrollment_id;
  IF v_student_id IS NULL THEN  -- an old snapshot does not show a new enrollment
    SELECT student_id INTO v_student_id FROM enrollments WHERE enrollment_id = p_enrollment_id FOR SHARE;
  END IF;
  IF v_student_id IS NOT NULL THEN
    CALL lock_user(v_student_id, v_deleted_at);
    SELECT course_id, status, enrolled_at, progress_percentage INTO v_course_id, v_status, v_enrolled_at, v_progress
      FROM enrollments WHERE enrollment_id = p_enrollment_id FOR UPDATE;
    SELECT payment_id, amount INTO v_payment_id, v_amount
      FROM payments
     WHERE enrollment_id = p_enrollment_id AND kind = 'charge' AND status = 'completed'
     ORDER BY payment_id LIMIT 1 FOR UPDATE;
  END IF;

  IF v_student_id IS NULL THEN
    SET p_result = 'ERROR: Enrollment not found';
  ELSEIF v_status = 'refunded' THEN
    SET p_result = 'ERROR: Already refunded';
  ELSEIF DATEDIFF(UTC_DATE(), v_enrolled_at) > policy_value('refund_window_days') THEN
    SET p_result = 'ERROR: Refund period expired';
  ELSEIF v_progress > policy_value('refund_progress_limit') THEN
    SET p_result = 'ERROR: Course progress exceeds 20%';
  ELSEIF v_payment_id IS NULL THEN
    SET p_result = 'ERROR: No completed payment found';
  ELSE
    CALL give_back(v_payment_id);
    UPDATE enrollments
       SET status = 'refunded', progress_percentage = 0, completed_at = NULL
     WHERE enrollment_id = p_enrollment_id;
    UPDATE course_access SET access_expires_at = UTC_TIMESTAMP(6)
     WHERE student_id = v_student_id AND course_id = v_course_id
       AND NOT has_enrollment_now(v_student_id, v_course_id);  -- bought anew since: that access stays
    SET p_result = CONCAT('SUCCESS: Refunded $', v_amount);
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT process_refund; ELSE COMMIT; END IF;
END$$
DELIMITER ;
