-- Enrolls a student without a payment: staff, scholarships, free courses.
--
-- Parameters
--   p_student_id     who
--   p_course_id      what
--   p_enrollment_id  the new enrollment; NULL unless SUCCESS
--   p_result         one of the outcomes
-- Outcomes
--   COURSE_NOT_AVAILABLE   unknown, draft or archived
--   ALREADY_ENROLLED       an enrollment is in force
--   MISSING_PREREQUISITES  something required is not completed
--   COURSE_FULL            no seat is free
--   SUCCESS                enrolled, with access
-- Errors
--   30001 MISSING_ARGUMENT
--   30002 NO_SUCH_USER
--   30003 USER_DELETED
--   30065 OUT_OF_RANGE
-- Example
--   CALL enroll_student(7, 1, @enrollment_id, @result);
--   SELECT @enrollment_id, @result;
--   12  SUCCESS

DELIMITER $$
CREATE PROCEDURE enroll_student(
  IN  p_student_id    BIGINT,
  IN  p_course_id     BIGINT,
  OUT p_enrollment_id BIGINT UNSIGNED,
  OUT p_result        VARCHAR(50)
)
  COMMENT 'Enrolls a student without a payment'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_deleted_at DATETIME(6);
  DECLARE v_price      DECIMAL(10,2);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT enroll_student; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_student_id', p_student_id);
  CALL require_id('p_course_id', p_course_id);

  CALL begin_or_join(v_joined);
  SAVEPOINT enroll_student;
  CALL lock_user(p_student_id, v_deleted_at);
  IF v_deleted_at IS NOT NULL THEN
    CALL raise_error('USER_DELETED', p_student_id);
  END IF;

  CALL admit_student(p_student_id, p_course_id, p_result, v_price);
  IF p_result = 'CAN_ENROLL' THEN
    CALL add_enrollment(p_student_id, p_course_id, NULL, p_enrollment_id);
    SET p_result = IF(p_enrollment_id IS NULL, 'ALREADY_ENROLLED', 'SUCCESS');
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT enroll_student; ELSE COMMIT; END IF;
END$$
DELIMITER ;
