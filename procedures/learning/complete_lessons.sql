-- Completes those lessons of a list that have sections and whose sections the student has all completed.
--
-- Parameters
--   p_student_id  who
--   p_lessons     JSON array of lesson ids
-- Example
--   CALL complete_lessons(7, '[3, 4]');

DELIMITER $$
CREATE PROCEDURE complete_lessons(IN p_student_id BIGINT UNSIGNED, IN p_lessons JSON)
  COMMENT 'Completes the lessons whose sections are all completed'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  UPDATE lesson_progress progress
    JOIN (SELECT section.lesson_id
            FROM JSON_TABLE(p_lessons, '$[*]' COLUMNS (lesson_id BIGINT UNSIGNED PATH '$')) touched
            JOIN lesson_sections section USING (lesson_id)
            LEFT JOIN section_progress done
              ON done.student_id = p_student_id AND done.section_id = section.section_id
           GROUP BY section.lesson_id
          HAVING MIN(COALESCE(done.completed, FALSE))) finished USING (lesson_id)
     SET progress.completed = TRUE, progress.completed_at = UTC_TIMESTAMP(6)
   WHERE progress.student_id = p_student_id AND NOT progress.completed;
END$$
DELIMITER ;
