-- What was ordered, and for how much, stays as it was.

DELIMITER $$
CREATE TRIGGER order_items_before_update BEFORE UPDATE ON order_items FOR EACH ROW
BEGIN
  CALL raise_error('FIXED_ONCE_STORED', 'an item of an order');
END$$
DELIMITER ;
