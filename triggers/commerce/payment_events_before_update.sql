-- What happened stays as it was written.

DELIMITER $$
CREATE TRIGGER payment_events_before_update BEFORE UPDATE ON payment_events FOR EACH ROW
BEGIN
  CALL raise_error('APPEND_ONLY', 'payment_events');
END$$
DELIMITER ;
