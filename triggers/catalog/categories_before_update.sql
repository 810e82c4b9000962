-- Stamps who changed a category, and when. Its place in the tree changes with that of all below it: by move_category.

DELIMITER $$
CREATE TRIGGER categories_before_update BEFORE UPDATE ON categories FOR EACH ROW
BEGIN
  DECLARE v_moving BOOLEAN;

  IF NOT (NEW.parent_id <=> OLD.parent_id AND NEW.slug = OLD.slug AND NEW.path = OLD.path AND NEW.depth = OLD.depth
          AND NEW.category_id = OLD.category_id) THEN
    SELECT COUNT(*) INTO v_moving FROM mutexes WHERE name = 'categories' AND held_by = CONNECTION_ID();
    IF NOT v_moving THEN
      CALL raise_error('FIXED_ONCE_STORED', 'a category''s place');
    END IF;
  END IF;
  SET NEW.updated_at = UTC_TIMESTAMP(6), NEW.updated_by = USER();
END$$
DELIMITER ;
