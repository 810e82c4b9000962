-- Whether a student has an enrollment in force, active or completed, in a course.
--
-- Looks without a lock, then confirms what it found with one: an old snapshot can show a row that has been refunded
-- since. A row that an old snapshot cannot show yet is refused by the key when the second one is inserted; a locking
-- search for it would lock the gap and deadlock with other students.
--
-- Parameters
--   p_student_id  who
--   p_course_id   what
-- Example
--   SELECT has_enrollment(7, 1);
--   1

DELIMITER $$
CREATE FUNCTION has_enrollment(p_student_id BIGINT UNSIGNED, p_course_id BIGINT UNSIGNED) RETURNS BOOLEAN
  COMMENT 'Whether a student has an enrollment in force in a course'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_enrollment_id BIGINT UNSIGNED;

  SELECT enrollment_id INTO v_enrollment_id FROM enrollments
   WHERE student_id = p_student_id AND course_id = p_course_id AND in_force = 1;
  IF v_enrollment_id IS NULL THEN
    RETURN FALSE;
  END IF;
  RETURN EXISTS (SELECT 1 FROM enrollments WHERE enrollment_id = v_enrollment_id AND in_force = 1 FOR SHARE);
END$$
DELIMITER ;
