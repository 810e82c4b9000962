-- Whether a student has not completed something that a course requires. A refunded course is not completed.
--
-- Most courses require nothing: that is asked first, of one table.
--
-- Parameters
--   p_student_id  who
--   p_course_id   what
-- Example
--   SELECT is_missing_prerequisites(7, 1);
--   0

DELIMITER $$
CREATE FUNCTION is_missing_prerequisites(p_student_id BIGINT UNSIGNED, p_course_id BIGINT UNSIGNED) RETURNS BOOLEAN
  COMMENT 'Whether a student has not completed something that a course requires'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_required BIGINT UNSIGNED;

  SELECT prerequisite_course_id INTO v_required
    FROM course_prerequisites WHERE course_id = p_course_id LIMIT 1 FOR SHARE;
  RETURN v_required IS NOT NULL AND EXISTS (
    SELECT 1
      FROM course_prerequisites required
      LEFT JOIN enrollments done
        ON done.student_id = p_student_id
       AND done.course_id  = required.prerequisite_course_id
       AND done.in_force   = 1
       AND done.status     = 'completed'
     WHERE required.course_id = p_course_id
       AND done.enrollment_id IS NULL
       FOR SHARE
  );
END$$
DELIMITER ;
