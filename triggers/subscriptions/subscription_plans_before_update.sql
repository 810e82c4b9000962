-- Stamps who changed a row of subscription_plans, and when.

DELIMITER $$
CREATE TRIGGER subscription_plans_before_update BEFORE UPDATE ON subscription_plans FOR EACH ROW
BEGIN
  SET NEW.updated_at = UTC_TIMESTAMP(6);
  SET NEW.updated_by = USER();
END$$
DELIMITER ;
