-- Records a completed charge for an enrollment, with its events.
--
-- Parameters
--   p_user_id         who pays
--   p_enrollment_id   for what
--   p_amount          USD, above 0
--   p_payment_method  how
--   p_transaction_id  the gateway's id
--   p_payment_id      the charge
-- Example
--   CALL charge_for_enrollment(7, 12, 49.99, 'paypal', 'ch_3AbC', @payment_id);

DELIMITER $$
CREATE PROCEDURE charge_for_enrollment(
  IN  p_user_id        BIGINT UNSIGNED,
  IN  p_enrollment_id  BIGINT UNSIGNED,
  IN  p_amount         DECIMAL(10,2),
  IN  p_payment_method VARCHAR(50),
  IN  p_transaction_id VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin,
  OUT p_payment_id     BIGINT UNSIGNED
)
  COMMENT 'Records a completed charge for an enrollment'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_facts JSON DEFAULT JSON_OBJECT('enrollment_id', p_enrollment_id, 'amount', p_amount);

  INSERT INTO payments (user_id, enrollment_id, amount, payment_method, status, transaction_id)
  VALUES (p_user_id, p_enrollment_id, p_amount, p_payment_method, 'completed', p_transaction_id);
  SET p_payment_id = LAST_INSERT_ID();
  INSERT INTO payment_events (payment_id, event_type, event_data) VALUES
    (p_payment_id, 'initiated',               v_facts),
    (p_payment_id, 'payment_gateway_success', v_facts),
    (p_payment_id, 'enrollment_created',      v_facts),
    (p_payment_id, 'completion_confirmed',    v_facts);
END$$
DELIMITER ;
