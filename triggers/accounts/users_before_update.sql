-- Stamps when a row of users was changed. That a payment changed is not a change by hand.

DELIMITER $$
CREATE TRIGGER users_before_update BEFORE UPDATE ON users FOR EACH ROW
BEGIN
  IF NEW.payments_changed_at <=> OLD.payments_changed_at THEN
    SET NEW.updated_at = UTC_TIMESTAMP(6);
  END IF;
END$$
DELIMITER ;
