-- The branch of search_courses for words: the FULLTEXT index finds them, the rest is sorted out of what it found.
--
-- Parameters
--   p_text, p_path              words; the path of a category, NULL: anywhere
--   p_min_price, p_max_price    USD, both given
--   p_enrollments, p_course_id  the page begins behind these
--   p_limit                     rows of the page
-- Example
--   CALL search_by_words('sql', NULL, 0, 99999999.99, 2147483647, 4711, 20);

DELIMITER $$
CREATE PROCEDURE search_by_words(
  IN p_text        VARCHAR(200),
  IN p_path        VARCHAR(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
  IN p_min_price   DECIMAL(10,2),
  IN p_max_price   DECIMAL(10,2),
  IN p_enrollments INT,
  IN p_course_id   BIGINT UNSIGNED,
  IN p_limit       INT
)
  COMMENT 'Search by words'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  SELECT course.course_id, course.title, course.price, course.level, course.instructor_id, instructor.name AS instructor_name,
         course.total_enrollments, course.avg_rating, course.review_count,
         JSON_OBJECT('total_enrollments', course.total_enrollments, 'course_id', course.course_id) AS page_key
    FROM courses course
    JOIN users instructor ON instructor.user_id = course.instructor_id
   WHERE MATCH (course.title, course.description) AGAINST (p_text)
     AND course.status = 'active'
     AND (p_path IS NULL
          OR EXISTS (SELECT 1 FROM course_categories JOIN categories USING (category_id)
                      WHERE course_id = course.course_id AND path LIKE CONCAT(p_path, '%')))
     AND course.price BETWEEN p_min_price AND p_max_price
     AND course.total_enrollments <= p_enrollments
     AND (course.total_enrollments < p_enrollments OR course.course_id < p_course_id)
   ORDER BY course.total_enrollments DESC, course.course_id DESC
   LIMIT p_limit;
END$$
DELIMITER ;
