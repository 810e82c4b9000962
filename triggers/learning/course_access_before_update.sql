-- Access that is prolonged or cut short has an end that expire_access has not seen yet.

DELIMITER $$
CREATE TRIGGER course_access_before_update BEFORE UPDATE ON course_access FOR EACH ROW
BEGIN
  IF NOT NEW.access_expires_at <=> OLD.access_expires_at THEN
    SET NEW.has_ended = FALSE;
  END IF;
END$$
DELIMITER ;
