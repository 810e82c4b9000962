-- Stamps who changed a sale, and when; the counter is folded, not changed. A sale stays with its course.

DELIMITER $$
CREATE TRIGGER flash_sales_before_update BEFORE UPDATE ON flash_sales FOR EACH ROW
BEGIN
  IF NEW.course_id <> OLD.course_id THEN
    CALL raise_error('FIXED_ONCE_STORED', 'the course of a sale');
  END IF;
  IF NEW.seats_taken = OLD.seats_taken THEN
    SET NEW.updated_at = UTC_TIMESTAMP(6), NEW.updated_by = USER();
  END IF;
END$$
DELIMITER ;
