-- What happened stays in the history as it was written, until its year is dropped.

DELIMITER $$
CREATE TRIGGER payment_events_history_before_update BEFORE UPDATE ON payment_events_history FOR EACH ROW
BEGIN
  CALL raise_error('APPEND_ONLY', 'payment_events_history');
END$$
DELIMITER ;
