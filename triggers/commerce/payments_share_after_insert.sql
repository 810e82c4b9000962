-- The instructor's share is frozen when a charge completes, and taken back when it is given back. A charge for anything
-- but what its session has just enrolled may be one too many.

DELIMITER $$
CREATE TRIGGER payments_share_after_insert AFTER INSERT ON payments FOR EACH ROW
BEGIN
  IF NEW.kind = 'charge' AND NEW.status IN ('completed', 'refunded') AND NEW.enrollment_id IS NOT NULL THEN
    CALL freeze_share(NEW.payment_id, NEW.enrollment_id, NEW.processed_at, NEW.amount, NEW.currency);
    IF NOT NEW.enrollment_id <=> @_learnhub_enrolled THEN
      CALL note_charges(NEW.enrollment_id);
    END IF;
    SET @_learnhub_enrolled = NULL;
  ELSEIF NEW.kind = 'refund' THEN
    CALL claw_back_share(NEW.payment_id, NEW.refund_of, NEW.processed_at);
  END IF;
END$$
DELIMITER ;
