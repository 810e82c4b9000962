-- The instructor's share is frozen when a charge completes or finds its enrollment. One that does not stand any more
-- leaves no share, unless that was paid already. A charge for anything but what its session has just enrolled may be one
-- too many.

DELIMITER $$
CREATE TRIGGER payments_share_after_update AFTER UPDATE ON payments FOR EACH ROW
BEGIN
  DECLARE v_stood  BOOLEAN DEFAULT OLD.status IN ('completed', 'refunded') AND OLD.enrollment_id IS NOT NULL;
  DECLARE v_stands BOOLEAN DEFAULT NEW.status IN ('completed', 'refunded') AND NEW.enrollment_id IS NOT NULL;
  IF NEW.kind = 'charge' AND v_stands AND NOT v_stood THEN
    CALL freeze_share(NEW.payment_id, NEW.enrollment_id, NEW.processed_at, NEW.amount, NEW.currency);
  ELSEIF NEW.kind = 'charge' AND v_stood AND NOT v_stands THEN
    DELETE FROM payout_items WHERE payment_id = NEW.payment_id AND payout_id IS NULL;
  END IF;
  IF NEW.kind = 'charge' AND v_stands AND (NOT v_stood OR NEW.enrollment_id <> OLD.enrollment_id) THEN
    IF NOT NEW.enrollment_id <=> @_learnhub_enrolled THEN
      CALL note_charges(NEW.enrollment_id);
    END IF;
    SET @_learnhub_enrolled = NULL;
  END IF;
END$$
DELIMITER ;
