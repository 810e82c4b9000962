-- Stamps who changed a row of policies, and when.

DELIMITER $$
CREATE TRIGGER policies_before_update BEFORE UPDATE ON policies FOR EACH ROW
BEGIN
  SET NEW.updated_at = UTC_TIMESTAMP(6);
  SET NEW.updated_by = USER();
END$$
DELIMITER ;
