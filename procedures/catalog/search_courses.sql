-- Finds active courses by words, category and price: one result set, the most enrolled first, page by page.
--
-- A page goes on behind the page_key of the last row of the page before: nothing is shown twice or left out, however
-- far one turns, as long as the counters stand still. Words of fewer than three letters find nothing.
--
-- Parameters
--   p_text         words of the title or description, any of them; may be NULL or empty: any course; at most 200 characters
--   p_category_id  this category and those below it; may be NULL: anywhere
--   p_min_price    USD; may be NULL: from 0
--   p_max_price    USD; may be NULL: no limit
--   p_after        page_key of the last row seen; may be NULL: the first page
--   p_limit        rows of a page, up to policy search_page_limit
-- Errors
--   30001 MISSING_ARGUMENT
--   30046 NO_SUCH_CATEGORY
--   30050 BAD_SEARCH        a limit, a price or a key that cannot be
--   30063 TOO_LONG
-- Example
--   CALL search_courses('sql', NULL, NULL, 80, NULL, 2);
--   CALL search_courses('sql', NULL, NULL, 80, '{"total_enrollments": 9, "course_id": 102}', 2);

DELIMITER $$
CREATE PROCEDURE search_courses(
  IN p_text        LONGTEXT,
  IN p_category_id BIGINT,
  IN p_min_price   DECIMAL(65,2),
  IN p_max_price   DECIMAL(65,2),
  IN p_after       LONGTEXT,
  IN p_limit       BIGINT
)
  COMMENT 'Finds active courses, page by page'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_path        VARCHAR(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
  DECLARE v_text        LONGTEXT DEFAULT NULLIF(TRIM(p_text), '');
  DECLARE v_enrollments INT;
  DECLARE v_course_id   BIGINT UNSIGNED;
  DECLARE v_min_price   DECIMAL(65,2) DEFAULT COALESCE(p_min_price, 0);
  DECLARE v_max_price   DECIMAL(65,2) DEFAULT COALESCE(p_max_price, 99999999.99);

  CALL refuse_long('p_text', p_text, 200);
  CALL refuse_bad_search(p_min_price, p_max_price, p_after, p_limit);
  SET v_enrollments = COALESCE(JSON_VALUE(p_after, '$.total_enrollments' RETURNING SIGNED), 2147483647),
      v_course_id   = COALESCE(JSON_VALUE(p_after, '$.course_id' RETURNING UNSIGNED), 18446744073709551615);
  IF p_category_id IS NOT NULL THEN
    SELECT path INTO v_path FROM categories WHERE category_id = p_category_id;
    IF v_path IS NULL THEN
      CALL raise_error('NO_SUCH_CATEGORY', p_category_id);
    END IF;
  END IF;

  IF v_text IS NOT NULL THEN
    CALL search_by_words(v_text, v_path, v_min_price, v_max_price, v_enrollments, v_course_id, p_limit);
  ELSEIF v_path IS NOT NULL THEN
    CALL search_by_category(v_path, v_min_price, v_max_price, v_enrollments, v_course_id, p_limit);
  ELSE
    CALL search_by_rank(v_min_price, v_max_price, v_enrollments, v_course_id, p_limit);
  END IF;
END$$
DELIMITER ;
