-- What happened is not forgotten: an event goes only when its copy stands in the history.

DELIMITER $$
CREATE TRIGGER payment_events_before_delete BEFORE DELETE ON payment_events FOR EACH ROW
BEGIN
  DECLARE v_copies INT;
  SELECT COUNT(*) INTO v_copies FROM payment_events_history
   WHERE event_id = OLD.event_id AND payment_id = OLD.payment_id AND event_type = OLD.event_type FOR SHARE;
  IF v_copies = 0 THEN
    CALL raise_error('APPEND_ONLY', 'payment_events');
  END IF;
END$$
DELIMITER ;
