-- A transaction id or key is used once and for good, also when its payment has gone into the history.

DELIMITER $$
CREATE TRIGGER payments_keys_after_insert AFTER INSERT ON payments FOR EACH ROW
BEGIN
  IF NEW.transaction_id IS NOT NULL THEN
    INSERT INTO payment_keys (key_type, payment_key, payment_id)
    VALUES ('transaction_id', NEW.transaction_id, NEW.payment_id);
  END IF;
  IF NEW.idempotency_key IS NOT NULL THEN
    INSERT INTO payment_keys (key_type, payment_key, payment_id)
    VALUES ('idempotency_key', NEW.idempotency_key, NEW.payment_id);
  END IF;
END$$
DELIMITER ;
