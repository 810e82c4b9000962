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
  IF p_category_id IS NULL THEN
    SELECT JSON_ARRAYAGG(course_id) INTO p_courses FROM cart_items
     WHERE cart_id = p_cart_id AND course_id = COALESCE(p_course_id, course_id) FOR SHARE;
  ELSE
    WITH RECURSIVE subtree (category_id) AS (
      SELECT p_category_id
      UNION
      SELECT child.category_id FROM categories child JOIN subtree ON child.parent_id = subtree.category_id
    )
    SELECT JSON_ARRAYAGG(item.course_id) INTO p_courses
      FROM cart_items item
     WHERE item.cart_id = p_cart_id
       AND EXISTS (SELECT 1 FROM course_categories JOIN subtree USING (category_id) WHERE course_id = item.course_id);
  END IF;
END$$
DELIMITER ;
