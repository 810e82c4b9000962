-- Every change of status is an event.

DELIMITER $$
CREATE TRIGGER orders_after_update AFTER UPDATE ON orders FOR EACH ROW
BEGIN
  IF NEW.status <> OLD.status THEN
    INSERT INTO order_events (order_id, from_status, to_status) VALUES (NEW.order_id, OLD.status, NEW.status);
  END IF;
END$$
DELIMITER ;
