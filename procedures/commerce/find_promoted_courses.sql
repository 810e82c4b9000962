-- Which courses of a cart a promotion is for: all, one, or those of a category and the categories below it.
--
-- Parameters
--   p_cart_id      which cart
--   p_course_id    only this course; NULL: any
--   p_category_id  only this category's; NULL: any
--   p_courses      a JSON array of their ids; NULL: none
-- Example
--   CALL find_promoted_courses(4, NULL, 3, @courses);
--   SELECT @courses;
--   [1, 5]

DELIMITER $$
CREATE PROCEDURE find_promoted_courses(
  IN  p_cart_id     BIGINT UNSIGNED,
  IN  p_course_id   BIGINT UNSIGNED,
  IN  p_category_id BIGINT UNSIGNED,
  OUT p_courses     JSON
)
  COMMENT 'Which courses of a cart a promotion is for'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_path VARCHAR(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

  IF p_category_id IS NULL THEN
    SELECT JSON_ARRAYAGG(course_id) INTO p_courses FROM cart_items
     WHERE cart_id = p_cart_id AND course_id = COALESCE(p_course_id, course_id) FOR SHARE;
  ELSE
    SELECT path INTO v_path FROM categories WHERE category_id = p_category_id FOR SHARE;
    SELECT JSON_ARRAYAGG(course_id) INTO p_courses
      FROM (SELECT DISTINCT item.course_id
              FROM cart_items item
              JOIN course_categories listed ON listed.course_id = item.course_id
              JOIN categories category ON category.category_id = listed.category_id
             WHERE item.cart_id = p_cart_id AND category.path LIKE CONCAT(v_path, '%') FOR SHARE) promoted;
  END IF;
END$$
DELIMITER ;
