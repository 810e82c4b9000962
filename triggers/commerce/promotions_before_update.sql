-- Stamps who changed a promotion, and when. A use is counted, not a change: it stamps nothing.

DELIMITER $$
CREATE TRIGGER promotions_before_update BEFORE UPDATE ON promotions FOR EACH ROW
BEGIN
  IF NEW.uses_count = OLD.uses_count THEN
    SET NEW.updated_at = UTC_TIMESTAMP(6), NEW.updated_by = USER();
  END IF;
END$$
DELIMITER ;
