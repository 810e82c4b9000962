-- A new category gets its slug, from its name where none is given, its path and its depth. No category moves meanwhile.

DELIMITER $$
CREATE TRIGGER categories_before_insert BEFORE INSERT ON categories FOR EACH ROW
BEGIN
  DECLARE v_mutex VARCHAR(64);
  DECLARE v_path  VARCHAR(700) DEFAULT '/';
  DECLARE v_depth INT DEFAULT -1;

  SELECT name INTO v_mutex FROM mutexes WHERE name = 'categories' FOR SHARE;
  SELECT path, depth INTO v_path, v_depth FROM categories WHERE category_id = NEW.parent_id FOR SHARE;
  IF NEW.parent_id IS NOT NULL AND v_depth = -1 THEN
    CALL raise_error('NO_SUCH_CATEGORY', NEW.parent_id);
  END IF;
  SET NEW.slug = IF(NEW.slug = '', NEW.name, NEW.slug);
  SET NEW.slug = LOWER(TRIM(BOTH '-' FROM REGEXP_REPLACE(NEW.slug, '[^\\p{L}\\p{M}\\p{N}]+', '-')));
  SET NEW.path = CONCAT(v_path, NEW.slug, '/'), NEW.depth = v_depth + 1;
END$$
DELIMITER ;
