-- Records that a purchase failed on a database error: the failed payment, its event, the receipt.
--
-- While the failed call was undone, another one with the same key may have come to an outcome: then that one stands.
--
-- Parameters
--   p_user_id, p_course_id, p_payment_method, p_transaction_id  as in process_course_purchase
--   p_amount   what would have been charged, USD
--   p_errno    the error's number
--   p_receipt  the outcome that stands
-- Errors
--   30005 KEY_REUSED  a payment with that transaction id stands already
-- Example
--   CALL record_failed_purchase(7, 1, 'paypal', 'ch_3AbC', 49.99, 1114, @receipt);
--   SELECT @receipt;
--   {"status": "FAILED"}

DELIMITER $$
CREATE PROCEDURE record_failed_purchase(
  IN  p_user_id        BIGINT UNSIGNED,
  IN  p_course_id      BIGINT UNSIGNED,
  IN  p_payment_method VARCHAR(50),
  IN  p_transaction_id VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin,
  IN  p_amount         DECIMAL(10,2),
  IN  p_errno          INT,
  OUT p_receipt        JSON
)
  COMMENT 'Records that a purchase failed on a database error'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_deleted_at DATETIME(6);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT record_failed_purchase; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL begin_or_join(v_joined);
  SAVEPOINT record_failed_purchase;
  CALL lock_user(p_user_id, v_deleted_at);
  CALL claim_receipt('process_course_purchase', p_transaction_id,
                     CONCAT_WS('|', p_user_id, p_course_id, p_payment_method), p_receipt);
  IF p_receipt IS NULL THEN
    BEGIN
      DECLARE EXIT HANDLER FOR 1062 CALL raise_error('KEY_REUSED', p_transaction_id);
      INSERT INTO payments (user_id, amount, payment_method, status, transaction_id)
      VALUES (p_user_id, p_amount, p_payment_method, 'failed', p_transaction_id);
    END;
    INSERT INTO payment_events (payment_id, event_type, event_data)
    VALUES (LAST_INSERT_ID(), 'failed', JSON_OBJECT('course_id', p_course_id, 'amount', p_amount, 'errno', p_errno));
    SET p_receipt = JSON_OBJECT('status', 'FAILED');
    UPDATE receipts SET outcome = p_receipt
     WHERE operation = 'process_course_purchase' AND receipt_key = p_transaction_id;
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT record_failed_purchase; ELSE COMMIT; END IF;
END$$
DELIMITER ;
