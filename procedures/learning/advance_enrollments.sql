-- Brings a student's enrollments in the courses of some lessons up to the lessons completed; at 100 % they complete.
--
-- Parameters
--   p_student_id  who
--   p_lessons     JSON array of lesson ids
-- Example
--   CALL advance_enrollments(7, '[3, 4]');

DELIMITER $$
CREATE PROCEDURE advance_enrollments(IN p_student_id BIGINT UNSIGNED, IN p_lessons JSON)
  COMMENT 'Brings enrollments up to the lessons completed'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  UPDATE enrollments enrollment
    JOIN (SELECT lesson.course_id, 100 * SUM(COALESCE(done.completed, FALSE)) / COUNT(*) AS percentage
            FROM (SELECT DISTINCT course_id
                    FROM JSON_TABLE(p_lessons, '$[*]' COLUMNS (lesson_id BIGINT UNSIGNED PATH '$')) touched
                    JOIN lessons USING (lesson_id)) course
            JOIN lessons lesson USING (course_id)
            LEFT JOIN lesson_progress done
              ON done.student_id = p_student_id AND done.lesson_id = lesson.lesson_id
           GROUP BY lesson.course_id) progress USING (course_id)
     SET enrollment.progress_percentage = progress.percentage,
         enrollment.status       = IF(progress.percentage = 100, 'completed', 'active'),
         enrollment.completed_at = IF(progress.percentage = 100, UTC_TIMESTAMP(6), NULL)
   WHERE enrollment.student_id = p_student_id AND enrollment.status = 'active';
END$$
DELIMITER ;
