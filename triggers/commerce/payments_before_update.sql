-- What a payment is never changes: who, how much, which way. A charge that was refunded stays completed or refunded.
-- One that leaves pending is stamped; older snapshots are told by the user's row.

DELIMITER $$
CREATE TRIGGER payments_before_update BEFORE UPDATE ON payments FOR EACH ROW
BEGIN
  IF NOT (NEW.user_id = OLD.user_id AND NEW.kind = OLD.kind AND NEW.amount = OLD.amount
          AND NEW.currency = OLD.currency AND NEW.refund_of <=> OLD.refund_of) THEN
    CALL raise_error('FIXED_ONCE_STORED', 'user, kind, amount, currency or charge');
  END IF;
  IF NEW.status IN ('pending', 'failed')
     AND (OLD.status = 'refunded' OR EXISTS (SELECT 1 FROM payments WHERE refund_of = OLD.payment_id FOR SHARE)) THEN
    CALL raise_error('FIXED_ONCE_STORED', 'a refunded payment''s status');
  END IF;
  IF NEW.status <> OLD.status THEN
    UPDATE users SET payments_changed_at = UTC_TIMESTAMP(6) WHERE user_id = NEW.user_id;
  END IF;
  IF NEW.status <> 'pending' AND NEW.processed_at IS NULL THEN
    SET NEW.processed_at = UTC_TIMESTAMP(6);
  END IF;
END$$
DELIMITER ;
