-- Whether a student has an enrollment in force in a course, also one that the caller's snapshot cannot show yet.
--
-- A locking search: where there is none and the caller is at REPEATABLE READ it locks a gap. For answers that end a
-- call, not for looking before an insert; there see has_enrollment.
--
-- Parameters
--   p_student_id  who
--   p_course_id   what
-- Example
--   SELECT has_enrollment_now(7, 1);
--   1

DELIMITER $$
CREATE FUNCTION has_enrollment_now(p_student_id BIGINT UNSIGNED, p_course_id BIGINT UNSIGNED) RETURNS BOOLEAN
  COMMENT 'Whether a student has an enrollment in force, searched with a lock'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM enrollments
     WHERE student_id = p_student_id AND course_id = p_course_id AND in_force = 1 FOR SHARE
  );
END$$
DELIMITER ;
