-- Tells whether a student could enroll in a course right now. Reads only, and promises nothing for later.
--
-- Parameters
--   p_student_id  who
--   p_course_id   what
--   p_status      one of the outcomes
-- Outcomes
--   COURSE_NOT_AVAILABLE   unknown, draft or archived
--   ALREADY_ENROLLED       an enrollment is in force
--   MISSING_PREREQUISITES  something required is not completed
--   COURSE_FULL            no seat is free
--   CAN_ENROLL             nothing stands against it
-- Errors
--   30001 MISSING_ARGUMENT
--   30002 NO_SUCH_USER
--   30003 USER_DELETED
--   30065 OUT_OF_RANGE
-- Example
--   CALL check_enrollment_eligibility(7, 1, @status);
--   SELECT @status;
--   CAN_ENROLL

DELIMITER $$
CREATE PROCEDURE check_enrollment_eligibility(
  IN  p_student_id BIGINT,
  IN  p_course_id  BIGINT,
  OUT p_status     VARCHAR(50)
)
  COMMENT 'Tells whether a student could enroll right now'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_user_id    BIGINT UNSIGNED;
  DECLARE v_deleted_at DATETIME(6);

  CALL require_id('p_student_id', p_student_id);
  CALL require_id('p_course_id', p_course_id);
  SELECT user_id, deleted_at INTO v_user_id, v_deleted_at FROM users WHERE user_id = p_student_id;
  IF v_user_id IS NULL THEN
    CALL raise_error('NO_SUCH_USER', p_student_id);
  END IF;
  IF v_deleted_at IS NOT NULL THEN
    CALL raise_error('USER_DELETED', p_student_id);
  END IF;

  -- SELECT INTO, because a subquery in SET or IF locks what it reads: this would wait for every buyer
  SELECT CASE
           WHEN course.status <> 'active' THEN 'COURSE_NOT_AVAILABLE'
           WHEN EXISTS (SELECT 1 FROM enrollments
                         WHERE student_id = p_student_id AND course_id = p_course_id AND in_force = 1)
             THEN 'ALREADY_ENROLLED'
           WHEN is_missing_prerequisites(p_student_id, p_course_id) THEN 'MISSING_PREREQUISITES'
           WHEN course.max_students <= seats.seats_taken - unsold_seats_of_ended_sales(p_course_id) THEN 'COURSE_FULL'
           ELSE 'CAN_ENROLL'
         END
    INTO p_status
    FROM courses course
    LEFT JOIN course_seats seats ON seats.course_id = course.course_id
   WHERE course.course_id = p_course_id;
  SET p_status = COALESCE(p_status, 'COURSE_NOT_AVAILABLE');
END$$
DELIMITER ;
