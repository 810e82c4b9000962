-- Lowers the price of every course of a category and of those below it, all of them or none. Archived ones stay.
--
-- A new price is rounded half-up to the cent, after the cap: 9.99 less 50 % is 5.00. Every change is in price_history.
--
-- Parameters
--   p_category_id  which category
--   p_percent      how much cheaper, above 0, up to 100
--   p_cap          the most that one price falls by, USD; may be NULL: no cap
--   p_changed      how many prices changed
-- Errors
--   30001 MISSING_ARGUMENT
--   30008 BAD_AMOUNT
--   30046 NO_SUCH_CATEGORY
--   30048 BAD_PERCENT
--   30065 OUT_OF_RANGE
-- Example
--   CALL bulk_discount(2, 20, 15, @changed);
--   SELECT @changed;
--   6

DELIMITER $$
CREATE PROCEDURE bulk_discount(
  IN  p_category_id BIGINT,
  IN  p_percent     DECIMAL(65,4),
  IN  p_cap         DECIMAL(65,2),
  OUT p_changed     INT
)
  COMMENT 'Lowers the price of every course of a category'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined  BOOLEAN;
  DECLARE v_mutex   VARCHAR(64);
  DECLARE v_path    VARCHAR(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
  DECLARE v_courses JSON;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT bulk_discount; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_category_id', p_category_id);
  CALL require_argument('p_percent', p_percent);
  IF p_percent <= 0 OR p_percent > 100 THEN
    CALL raise_error('BAD_PERCENT', p_percent);
  END IF;
  IF p_cap <= 0 THEN
    CALL raise_error('BAD_AMOUNT', p_cap);
  END IF;

  IF p_cap > 99999999.99 THEN
    CALL raise_error('OUT_OF_RANGE', CONCAT('p_cap ', p_cap));
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT bulk_discount;
  SELECT name INTO v_mutex FROM mutexes WHERE name = 'categories' FOR SHARE;
  SELECT path INTO v_path FROM categories WHERE category_id = p_category_id FOR SHARE;
  IF v_path IS NULL THEN
    CALL raise_error('NO_SUCH_CATEGORY', p_category_id);
  END IF;

  -- in the order of their ids, as everybody locks courses
  SELECT JSON_ARRAYAGG(course_id) OVER (ORDER BY course_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    INTO v_courses
    FROM (SELECT DISTINCT course_id
            FROM categories JOIN course_categories USING (category_id)
           WHERE path LIKE CONCAT(v_path, '%') FOR SHARE) listed
   LIMIT 1;
  UPDATE JSON_TABLE(v_courses, '$[*]' COLUMNS (course_id BIGINT UNSIGNED PATH '$')) listed
    STRAIGHT_JOIN courses course ON course.course_id = listed.course_id
    JOIN LATERAL (
         SELECT ROUND(course.price - LEAST(course.price * p_percent / 100, COALESCE(p_cap, course.price)), 2) AS price) lowered
     SET course.price = lowered.price
   WHERE course.status <> 'archived' AND course.price <> lowered.price;
  SET p_changed = ROW_COUNT();

  IF v_joined THEN RELEASE SAVEPOINT bulk_discount; ELSE COMMIT; END IF;
END$$
DELIMITER ;
