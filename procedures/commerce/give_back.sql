-- Gives the money of a completed charge back: the charge becomes refunded, a refund stands against it.
--
-- Parameters
--   p_payment_id  the charge, locked by the caller
-- Example
--   CALL give_back(31);

DELIMITER $$
CREATE PROCEDURE give_back(IN p_payment_id BIGINT UNSIGNED)
  COMMENT 'Gives the money of a completed charge back'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  UPDATE payments SET status = 'refunded' WHERE payment_id = p_payment_id;
  INSERT INTO payments (user_id, enrollment_id, subscription_id, order_id, kind, amount, currency, payment_method,
                        payment_gateway, status, transaction_id, refund_of)
  SELECT user_id, enrollment_id, subscription_id, order_id, 'refund', -amount, currency, payment_method,
         payment_gateway, 'refunded', CONCAT('refund_', COALESCE(transaction_id, UUID())), payment_id
    FROM payments WHERE payment_id = p_payment_id;
  INSERT INTO payment_events (payment_id, event_type, event_data)
  VALUES (p_payment_id, 'refunded', JSON_OBJECT('refund_id', LAST_INSERT_ID()));
END$$
DELIMITER ;
