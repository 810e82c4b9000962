-- That an order was placed is its first event.

DELIMITER $$
CREATE TRIGGER orders_after_insert AFTER INSERT ON orders FOR EACH ROW
BEGIN
  INSERT INTO order_events (order_id, to_status) VALUES (NEW.order_id, NEW.status);
END$$
DELIMITER ;
