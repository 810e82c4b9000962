-- Stamps when a row of users was changed.

DELIMITER $$
CREATE TRIGGER users_before_update BEFORE UPDATE ON users FOR EACH ROW
BEGIN
  SET NEW.updated_at = UTC_TIMESTAMP(6);
END$$
DELIMITER ;
