-- Stamps who changed a row of lessons, and when.

DELIMITER $$
CREATE TRIGGER lessons_before_update BEFORE UPDATE ON lessons FOR EACH ROW
BEGIN
  SET NEW.updated_at = UTC_TIMESTAMP(6);
  SET NEW.updated_by = USER();
END$$
DELIMITER ;
