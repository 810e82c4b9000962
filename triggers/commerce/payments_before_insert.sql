-- A refund matches its charge. A payment that is not pending was processed: when it was created, if nothing else is said.
-- Its user's clock tells older snapshots that they do not show it.

DELIMITER $$
CREATE TRIGGER payments_before_insert BEFORE INSERT ON payments FOR EACH ROW
BEGIN
  UPDATE payment_clocks SET changed_at = UTC_TIMESTAMP(6) WHERE user_id = NEW.user_id;
  IF NEW.kind = 'refund' AND NEW.refund_of IS NOT NULL THEN
    CALL refuse_bad_refund(NEW.refund_of, NEW.user_id, NEW.currency, NEW.amount);
  END IF;
  IF NEW.status <> 'pending' AND NEW.processed_at IS NULL THEN
    SET NEW.processed_at = NEW.created_at;
  END IF;
END$$
DELIMITER ;
