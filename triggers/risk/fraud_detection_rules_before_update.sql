-- Stamps who changed a row of fraud_detection_rules, and when.

DELIMITER $$
CREATE TRIGGER fraud_detection_rules_before_update BEFORE UPDATE ON fraud_detection_rules FOR EACH ROW
BEGIN
  SET NEW.updated_at = UTC_TIMESTAMP(6);
  SET NEW.updated_by = USER();
END$$
DELIMITER ;
