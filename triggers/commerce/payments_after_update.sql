-- An order of which no charge is left is refunded.

DELIMITER $$
CREATE TRIGGER payments_after_update AFTER UPDATE ON payments FOR EACH ROW
BEGIN
  IF NEW.status = 'refunded' AND OLD.status = 'completed' AND NEW.order_id IS NOT NULL THEN
    CALL settle_refunded_order(NEW.order_id);
  END IF;
END$$
DELIMITER ;
