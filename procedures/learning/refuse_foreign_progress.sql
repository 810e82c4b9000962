-- Refuses a batch for record_progress that speaks of something unknown, or of a course the student is not enrolled in.
--
-- Parameters
--   p_student_id  who
--   p_updates     as in record_progress
--   p_lessons     the lessons it touches, as a JSON array of ids
-- Errors
--   30016 BAD_PROGRESS
--   30017 NOT_ENROLLED
-- Example
--   CALL refuse_foreign_progress(7, '[{"section_id": 999}]', @lessons);
--   ERROR 30016 (45000): progress update refused: there is no section 999: nothing was stored; correct the batch

DELIMITER $$
CREATE PROCEDURE refuse_foreign_progress(IN p_student_id BIGINT UNSIGNED, IN p_updates JSON, OUT p_lessons JSON)
  COMMENT 'Refuses a progress batch on what the student is not enrolled in'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_error   VARCHAR(40);
  DECLARE v_subject VARCHAR(40);

  WITH entries AS (
    SELECT place, COALESCE(entry.lesson_id, section.lesson_id) AS lesson_id,
           IF(entry.lesson_id IS NULL, CONCAT('section ', entry.section_id), CONCAT('lesson ', entry.lesson_id)) AS subject,
           entry.lesson_id IS NOT NULL AND entry.completed AS completes_lesson
      FROM JSON_TABLE(p_updates, '$[*]' COLUMNS (
             place      FOR ORDINALITY,
             lesson_id  BIGINT UNSIGNED PATH '$.lesson_id',
             section_id BIGINT UNSIGNED PATH '$.section_id',
             completed  BOOLEAN         PATH '$.completed' DEFAULT 'false' ON EMPTY)) entry
      LEFT JOIN lesson_sections section ON section.section_id = entry.section_id
       FOR SHARE OF section
  )
  SELECT CASE WHEN lesson.lesson_id IS NOT NULL AND enrollment.enrollment_id IS NULL THEN 'NOT_ENROLLED' ELSE 'BAD_PROGRESS' END,
         CASE WHEN lesson.lesson_id IS NULL THEN CONCAT('there is no ', subject)
              WHEN enrollment.enrollment_id IS NULL THEN subject
              ELSE CONCAT(subject, ' is completed by its sections') END
    INTO v_error, v_subject
    FROM entries
    LEFT JOIN lessons lesson ON lesson.lesson_id = entries.lesson_id
    LEFT JOIN enrollments enrollment
      ON enrollment.student_id = p_student_id AND enrollment.course_id = lesson.course_id AND enrollment.in_force = 1
   WHERE lesson.lesson_id IS NULL
      OR enrollment.enrollment_id IS NULL
      OR (completes_lesson AND EXISTS (SELECT 1 FROM lesson_sections WHERE lesson_id = lesson.lesson_id FOR SHARE))
   ORDER BY place LIMIT 1 FOR SHARE OF lesson, enrollment;
  IF v_error IS NOT NULL THEN
    CALL raise_error(v_error, v_subject);
  END IF;

  SELECT COALESCE(JSON_ARRAYAGG(lesson_id), JSON_ARRAY()) INTO p_lessons
    FROM (SELECT DISTINCT COALESCE(entry.lesson_id, section.lesson_id) AS lesson_id
            FROM JSON_TABLE(p_updates, '$[*]' COLUMNS (
                   lesson_id  BIGINT UNSIGNED PATH '$.lesson_id',
                   section_id BIGINT UNSIGNED PATH '$.section_id')) entry
            LEFT JOIN lesson_sections section ON section.section_id = entry.section_id
             FOR SHARE OF section) touched;
END$$
DELIMITER ;
