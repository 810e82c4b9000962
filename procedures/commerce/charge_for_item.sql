-- Records a completed charge for one course of an order, with its events.
--
-- Parameters
--   p_order_id        which order
--   p_user_id         who pays
--   p_course_id       for what
--   p_enrollment_id   the enrollment; NULL: there is none, the money is due back
--   p_amount          USD, above 0
--   p_transaction_id  of this charge
-- Errors
--   30005 KEY_REUSED  a payment with that transaction id stands already
-- Example
--   CALL charge_for_item(9, 7, 1, 12, 49.99, 'ch_3AbC#1');

DELIMITER $$
CREATE PROCEDURE charge_for_item(
  IN p_order_id       BIGINT UNSIGNED,
  IN p_user_id        BIGINT UNSIGNED,
  IN p_course_id      BIGINT UNSIGNED,
  IN p_enrollment_id  BIGINT UNSIGNED,
  IN p_amount         DECIMAL(10,2),
  IN p_transaction_id VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin
)
  COMMENT 'Records a completed charge for one course of an order'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_payment_id BIGINT UNSIGNED;
  DECLARE v_facts      JSON DEFAULT JSON_OBJECT('order_id', p_order_id, 'course_id', p_course_id,
                                                'enrollment_id', p_enrollment_id, 'amount', p_amount);
  DECLARE EXIT HANDLER FOR 1062 CALL raise_error('KEY_REUSED', p_transaction_id);

  INSERT INTO payments (user_id, order_id, course_id, enrollment_id, amount, status, transaction_id)
  VALUES (p_user_id, p_order_id, p_course_id, p_enrollment_id, p_amount, 'completed', p_transaction_id);
  SET v_payment_id = LAST_INSERT_ID();
  INSERT INTO payment_events (payment_id, event_type, event_data) VALUES
    (v_payment_id, 'initiated',               v_facts),
    (v_payment_id, 'payment_gateway_success', v_facts);
  IF p_enrollment_id IS NOT NULL THEN
    INSERT INTO payment_events (payment_id, event_type, event_data) VALUES
      (v_payment_id, 'enrollment_created',   v_facts),
      (v_payment_id, 'completion_confirmed', v_facts);
  END IF;
END$$
DELIMITER ;
