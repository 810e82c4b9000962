-- A transaction id or key that a payment gets later is used for good too; one that it gives up stays used.

DELIMITER $$
CREATE TRIGGER payments_keys_after_update AFTER UPDATE ON payments FOR EACH ROW
BEGIN
  IF NEW.transaction_id IS NOT NULL AND NOT NEW.transaction_id <=> OLD.transaction_id THEN
    INSERT INTO payment_keys (key_type, payment_key, payment_id)
    VALUES ('transaction_id', NEW.transaction_id, NEW.payment_id);
  END IF;
  IF NEW.idempotency_key IS NOT NULL AND NOT NEW.idempotency_key <=> OLD.idempotency_key THEN
    INSERT INTO payment_keys (key_type, payment_key, payment_id)
    VALUES ('idempotency_key', NEW.idempotency_key, NEW.payment_id);
  END IF;
END$$
DELIMITER ;
