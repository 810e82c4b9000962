-- What an order is never changes: who, how much. Its status goes one way: pending, then confirmed, failed or cancelled;
-- confirmed, then refunded.

DELIMITER $$
CREATE TRIGGER orders_before_update BEFORE UPDATE ON orders FOR EACH ROW
BEGIN
  IF NOT (NEW.user_id = OLD.user_id AND NEW.promotion_id <=> OLD.promotion_id AND NEW.subtotal = OLD.subtotal
          AND NEW.discount_amount = OLD.discount_amount AND NEW.tax_amount = OLD.tax_amount AND NEW.total = OLD.total) THEN
    CALL raise_error('FIXED_ONCE_STORED', 'buyer, promotion or amounts of an order');
  END IF;
  IF NEW.status <> OLD.status
     AND NOT (OLD.status = 'pending_payment' AND NEW.status IN ('confirmed', 'payment_failed', 'cancelled'))
     AND NOT (OLD.status = 'confirmed' AND NEW.status = 'refunded') THEN
    CALL raise_error('ILLEGAL_ORDER_STATUS', CONCAT(OLD.status, ' to ', NEW.status));
  END IF;
END$$
DELIMITER ;
