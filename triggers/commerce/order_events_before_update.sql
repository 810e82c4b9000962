-- What happened stays as it was written.

DELIMITER $$
CREATE TRIGGER order_events_before_update BEFORE UPDATE ON order_events FOR EACH ROW
BEGIN
  CALL raise_error('APPEND_ONLY', 'order_events');
END$$
DELIMITER ;
