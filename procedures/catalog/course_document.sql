-- A course as one JSON document: every column, tags, categories, prerequisites, lessons in order with
-- sections and quizzes.
--
-- Parameters
--   p_course_id  which course
-- Example
--   SELECT course_document(1)->>'$.lessons[0].title';
--   Tables and rows

DELIMITER $$
CREATE FUNCTION course_document(p_course_id BIGINT UNSIGNED) RETURNS JSON
  COMMENT 'A course as one JSON document'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_tags          JSON;
  DECLARE v_categories    JSON;
  DECLARE v_prerequisites JSON;
  DECLARE v_lessons       JSON;

  SELECT JSON_ARRAYAGG(tag) INTO v_tags FROM course_tags WHERE course_id = p_course_id FOR SHARE;
  SELECT JSON_ARRAYAGG(category_id) INTO v_categories FROM course_categories WHERE course_id = p_course_id FOR SHARE;
  SELECT JSON_ARRAYAGG(prerequisite_course_id) INTO v_prerequisites
    FROM course_prerequisites WHERE course_id = p_course_id FOR SHARE;
  -- the window's frame is ordered, which JSON_ARRAYAGG over a sorted subquery does not promise
  SELECT JSON_ARRAYAGG(lesson_document(lesson_id))
           OVER (ORDER BY order_index, lesson_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    INTO v_lessons
    FROM lessons WHERE course_id = p_course_id LIMIT 1 FOR SHARE;

  RETURN (
    SELECT JSON_OBJECT(
             'course_id', course_id, 'instructor_id', instructor_id, 'title', title, 'description', description,
             'price', price, 'thumbnail_url', thumbnail_url, 'level', level, 'status', status,
             'max_students', max_students, 'enrolled_students', enrolled_students,
             'total_enrollments', total_enrollments, 'rating_sum', rating_sum, 'review_count', review_count,
             'avg_rating', avg_rating, 'last_enrollment_date', last_enrollment_date, 'created_at', created_at,
             'updated_at', updated_at, 'created_by', created_by, 'updated_by', updated_by,
             'tags', COALESCE(v_tags, JSON_ARRAY()), 'categories', COALESCE(v_categories, JSON_ARRAY()),
             'prerequisites', COALESCE(v_prerequisites, JSON_ARRAY()),
             'lessons', COALESCE(v_lessons, JSON_ARRAY()))
      FROM courses WHERE course_id = p_course_id FOR SHARE
  );
END$$
DELIMITER ;
