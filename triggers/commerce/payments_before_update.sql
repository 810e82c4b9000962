-- What a payment is never changes: who, how much, which way, what for. Its status goes one way: pending, then completed
-- or failed; completed, then refunded. One that leaves pending is stamped; older snapshots are told by the user's clock.

DELIMITER $$
CREATE TRIGGER payments_before_update BEFORE UPDATE ON payments FOR EACH ROW
BEGIN
  IF NOT (NEW.user_id = OLD.user_id AND NEW.kind = OLD.kind AND NEW.amount = OLD.amount
          AND NEW.currency = OLD.currency AND NEW.refund_of <=> OLD.refund_of) THEN
    CALL raise_error('FIXED_ONCE_STORED', 'user, kind, amount, currency or charge');
  END IF;
  IF NOT (NEW.course_id <=> OLD.course_id AND NEW.answers <=> OLD.answers) THEN
    CALL raise_error('FIXED_ONCE_STORED', 'what a payment is for');
  END IF;
  IF NEW.status <> OLD.status
     AND NOT (OLD.status = 'pending' AND NEW.status IN ('completed', 'failed'))
     AND NOT (OLD.status = 'completed' AND NEW.status = 'refunded') THEN
    CALL raise_error('ILLEGAL_PAYMENT_STATUS', CONCAT(OLD.status, ' to ', NEW.status));
  END IF;
  IF NEW.status <> OLD.status THEN
    UPDATE payment_clocks SET changed_at = UTC_TIMESTAMP(6) WHERE user_id = NEW.user_id;
  END IF;
  IF NEW.status <> 'pending' AND NEW.processed_at IS NULL THEN
    SET NEW.processed_at = UTC_TIMESTAMP(6);
  END IF;
END$$
DELIMITER ;
