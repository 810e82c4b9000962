-- What happened is not forgotten.

DELIMITER $$
CREATE TRIGGER payment_events_before_delete BEFORE DELETE ON payment_events FOR EACH ROW
BEGIN
  CALL raise_error('APPEND_ONLY', 'payment_events');
END$$
DELIMITER ;
