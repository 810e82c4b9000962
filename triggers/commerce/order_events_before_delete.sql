-- What happened is not forgotten.

DELIMITER $$
CREATE TRIGGER order_events_before_delete BEFORE DELETE ON order_events FOR EACH ROW
BEGIN
  CALL raise_error('APPEND_ONLY', 'order_events');
END$$
DELIMITER ;
