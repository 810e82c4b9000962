-- A lesson as one JSON document: every column, its sections in order, its quizzes.
--
-- Parameters
--   p_lesson_id  which lesson
-- Example
--   SELECT JSON_LENGTH(lesson_document(1), '$.sections');
--   3

DELIMITER $$
CREATE FUNCTION lesson_document(p_lesson_id BIGINT UNSIGNED) RETURNS JSON
  COMMENT 'A lesson as one JSON document'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_sections JSON;
  DECLARE v_quizzes  JSON;

  SELECT JSON_ARRAYAGG(JSON_OBJECT(
             'section_id', section_id, 'lesson_id', lesson_id, 'title', title, 'type', type, 'content', content,
             'duration_minutes', duration_minutes, 'order_index', order_index))
           OVER (ORDER BY order_index, section_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    INTO v_sections
    FROM lesson_sections WHERE lesson_id = p_lesson_id LIMIT 1 FOR SHARE;
  SELECT JSON_ARRAYAGG(JSON_OBJECT(
             'quiz_id', quiz_id, 'lesson_id', lesson_id, 'title', title, 'passing_score', passing_score))
           OVER (ORDER BY quiz_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    INTO v_quizzes
    FROM quizzes WHERE lesson_id = p_lesson_id LIMIT 1 FOR SHARE;

  RETURN (
    SELECT JSON_OBJECT(
             'lesson_id', lesson_id, 'course_id', course_id, 'title', title, 'content', content,
             'video_url', video_url, 'duration_minutes', duration_minutes, 'order_index', order_index,
             'created_at', created_at, 'updated_at', updated_at, 'created_by', created_by, 'updated_by', updated_by,
             'sections', COALESCE(v_sections, JSON_ARRAY()), 'quizzes', COALESCE(v_quizzes, JSON_ARRAY()))
      FROM lessons WHERE lesson_id = p_lesson_id FOR SHARE
  );
END$$
DELIMITER ;
