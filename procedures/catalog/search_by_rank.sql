-- The branch of search_courses for no words and no category: the index holds active courses in the order asked for.
--
-- Parameters
--   p_min_price, p_max_price    USD, both given
--   p_enrollments, p_course_id  the page begins behind these
--   p_limit                     rows of the page
-- Example
--   CALL search_by_rank(0, 99999999.99, 2147483647, 4711, 20);

DELIMITER $$
CREATE PROCEDURE search_by_rank(
  IN p_min_price   DECIMAL(10,2),
  IN p_max_price   DECIMAL(10,2),
  IN p_enrollments INT,
  IN p_course_id   BIGINT UNSIGNED,
  IN p_limit       INT
)
  COMMENT 'Search by rank alone'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  SELECT course.course_id, course.title, course.price, course.level, course.instructor_id, instructor.name AS instructor_name,
         course.total_enrollments, course.avg_rating, course.review_count,
         JSON_OBJECT('total_enrollments', course.total_enrollments, 'course_id', course.course_id) AS page_key
    FROM courses course FORCE INDEX (top_courses_first)
    JOIN users instructor ON instructor.user_id = course.instructor_id
   WHERE course.status = 'active'
     AND course.price BETWEEN p_min_price AND p_max_price
     AND course.total_enrollments <= p_enrollments
     AND (course.total_enrollments < p_enrollments OR course.course_id < p_course_id)
   ORDER BY course.total_enrollments DESC, course.course_id DESC
   LIMIT p_limit;
END$$
DELIMITER ;
