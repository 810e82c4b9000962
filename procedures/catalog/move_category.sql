-- Moves a category, with all below it, below another one or to the top.
--
-- Moves are made one at a time: two at once could put two categories below each other.
--
-- Parameters
--   p_category_id    which category
--   p_new_parent_id  the one that it will be below; may be NULL: none, it comes to the top
-- Errors
--   30001 MISSING_ARGUMENT
--   30046 NO_SUCH_CATEGORY
--   30047 CATEGORY_CYCLE
--   30065 OUT_OF_RANGE
--   30067 CATEGORY_TAKEN
--   30068 PATH_TOO_LONG
-- Example
--   CALL move_category(4, 2);
--   SELECT path, depth FROM categories WHERE category_id = 4;
--   /data/sql/  1

DELIMITER $$
CREATE PROCEDURE move_category(IN p_category_id BIGINT, IN p_new_parent_id BIGINT)
  COMMENT 'Moves a category with all below it'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined    BOOLEAN;
  DECLARE v_mutex     VARCHAR(64);
  DECLARE v_path      VARCHAR(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
  DECLARE v_slug      VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
  DECLARE v_depth     INT;
  DECLARE v_new_path  VARCHAR(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
  DECLARE v_new_depth INT DEFAULT -1;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT move_category; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_category_id', p_category_id);

  CALL begin_or_join(v_joined);
  SAVEPOINT move_category;
  SELECT name INTO v_mutex FROM mutexes WHERE name = 'categories' FOR UPDATE;
  SELECT path, slug, depth INTO v_path, v_slug, v_depth
    FROM categories WHERE category_id = p_category_id FOR UPDATE;
  IF v_path IS NULL THEN
    CALL raise_error('NO_SUCH_CATEGORY', p_category_id);
  END IF;
  IF p_new_parent_id IS NOT NULL THEN
    SELECT path, depth INTO v_new_path, v_new_depth
      FROM categories WHERE category_id = p_new_parent_id FOR SHARE;
    IF v_new_path IS NULL THEN
      CALL raise_error('NO_SUCH_CATEGORY', p_new_parent_id);
    END IF;
    IF LEFT(v_new_path, CHAR_LENGTH(v_path)) = v_path THEN
      CALL raise_error('CATEGORY_CYCLE', p_category_id);
    END IF;
  END IF;

  UPDATE mutexes SET held_by = CONNECTION_ID() WHERE name = 'categories';
  BEGIN
    DECLARE EXIT HANDLER FOR 1062 CALL raise_error('CATEGORY_TAKEN', v_slug);
    DECLARE EXIT HANDLER FOR 1406 CALL raise_error('PATH_TOO_LONG', v_slug);
    UPDATE categories
       SET parent_id = IF(category_id = p_category_id, p_new_parent_id, parent_id),
           depth     = CAST(depth AS SIGNED) - v_depth + v_new_depth + 1,
           path      = CONCAT(COALESCE(v_new_path, '/'), v_slug, '/', SUBSTRING(path, CHAR_LENGTH(v_path) + 1))
     WHERE path LIKE CONCAT(v_path, '%');
  END;
  UPDATE mutexes SET held_by = NULL WHERE name = 'categories';

  IF v_joined THEN RELEASE SAVEPOINT move_category; ELSE COMMIT; END IF;
END$$
DELIMITER ;
