-- Completes a pending payment and turns its held seat into the enrollment.
--
-- Parameters
--   p_payment_id      the pending payment, locked by the caller
--   p_user_id         who pays
--   p_course_id       what for
--   p_transaction_id  the gateway's id
--   p_enrollment_id   the new enrollment; NULL: no longer possible, the money is due back
-- Errors
--   30005 KEY_REUSED  a payment with that transaction id stands already
-- Example
--   CALL settle_purchase(31, 7, 1, 'ch_3AbC', @enrollment_id);

DELIMITER $$
CREATE PROCEDURE settle_purchase(
  IN  p_payment_id     BIGINT UNSIGNED,
  IN  p_user_id        BIGINT UNSIGNED,
  IN  p_course_id      BIGINT UNSIGNED,
  IN  p_transaction_id VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin,
  OUT p_enrollment_id  BIGINT UNSIGNED
)
  COMMENT 'Completes a pending payment, enrolls its user'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  BEGIN
    DECLARE EXIT HANDLER FOR 1062 CALL raise_error('KEY_REUSED', p_transaction_id);
    UPDATE payments SET status = 'completed', transaction_id = p_transaction_id WHERE payment_id = p_payment_id;
  END;
  INSERT INTO payment_events (payment_id, event_type) VALUES (p_payment_id, 'payment_gateway_success');
  CALL redeem_hold(p_user_id, p_course_id, p_enrollment_id);
  IF p_enrollment_id IS NOT NULL THEN
    UPDATE payments SET enrollment_id = p_enrollment_id WHERE payment_id = p_payment_id;
    INSERT INTO payment_events (payment_id, event_type, event_data) VALUES
      (p_payment_id, 'enrollment_created',   JSON_OBJECT('enrollment_id', p_enrollment_id)),
      (p_payment_id, 'completion_confirmed', JSON_OBJECT('enrollment_id', p_enrollment_id));
  END IF;
END$$
DELIMITER ;
