-- Ends an order whose gateway took the money: one charge per course, the held seats become enrollments.
--
-- A course that is no longer possible stops no other: its charge stands without an enrollment, is listed by
-- v_payments_to_reconcile and given back by refund_payment. So is money for an order that was decided already. Called
-- again with the same arguments it returns the first outcome and changes nothing.
--
-- Parameters
--   p_order_id        what place_order returned
--   p_transaction_id  the gateway's id; each charge is <p_transaction_id>#<course_id>; at most 100 characters, ASCII
--   p_status          one of the outcomes
-- Outcomes
--   CONFIRMED          enrolled in every course
--   REFUND_DUE         a course is off the market, or the student enrolled in it meanwhile or deleted; or the time was
--                      up before the gateway answered, and all of the money is due
--   ALREADY_CONFIRMED  with another transaction
--   ALREADY_FAILED     by fail_order
-- Errors
--   30001 MISSING_ARGUMENT
--   30005 KEY_REUSED  also where it paid for a single course
--   30006 RESERVED_KEY
--   30028 NO_SUCH_ORDER
--   30063 TOO_LONG
--   30064 NOT_ASCII
--   30065 OUT_OF_RANGE
-- Example
--   CALL confirm_order(9, 'ch_3AbC', @status);
--   SELECT @status;
--   CONFIRMED

DELIMITER $$
CREATE PROCEDURE confirm_order(
  IN  p_order_id       BIGINT,
  IN  p_transaction_id LONGTEXT,
  OUT p_status         VARCHAR(50)
)
  COMMENT 'Ends an order whose gateway took the money'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined  BOOLEAN;
  DECLARE v_transaction_id VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_user_id BIGINT UNSIGNED;
  DECLARE v_status  VARCHAR(20);
  DECLARE v_receipt JSON;
  DECLARE v_missed  INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT confirm_order; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_order_id', p_order_id);
  CALL require_key('p_transaction_id', p_transaction_id, 100);
  SET v_transaction_id = p_transaction_id;
  IF v_transaction_id LIKE 'refund\_%' THEN
    CALL raise_error('RESERVED_KEY', v_transaction_id);
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT confirm_order;
  CALL lock_order(p_order_id, v_user_id, v_status);
  CALL claim_receipt('gateway_answer', v_transaction_id, CONCAT('order|', p_order_id), v_receipt);
  IF v_receipt IS NULL THEN
    CALL settle_order(p_order_id, v_user_id, v_status = 'pending_payment', v_transaction_id, v_missed);
    BEGIN  -- the charges have keys of their own: of the id itself the first one is the keeper
      DECLARE EXIT HANDLER FOR 1062 CALL raise_error('KEY_REUSED', v_transaction_id);
      INSERT INTO payment_keys (key_type, payment_key, payment_id)
      SELECT 'transaction_id', v_transaction_id, payment_id FROM payments
       WHERE order_id = p_order_id AND transaction_id = CONCAT(v_transaction_id, '#', course_id) LIMIT 1;
    END;
    IF v_status = 'pending_payment' THEN
      UPDATE orders SET status = 'confirmed' WHERE order_id = p_order_id;
    END IF;
    SET p_status = CASE v_status WHEN 'pending_payment' THEN IF(v_missed = 0, 'CONFIRMED', 'REFUND_DUE')
                                 WHEN 'cancelled'       THEN 'REFUND_DUE'
                                 WHEN 'payment_failed'  THEN 'ALREADY_FAILED'
                                 ELSE 'ALREADY_CONFIRMED' END;
    UPDATE receipts SET outcome = JSON_OBJECT('status', p_status)
     WHERE operation = 'gateway_answer' AND receipt_key = v_transaction_id;
  ELSE
    SET p_status = JSON_VALUE(v_receipt, '$.status');
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT confirm_order; ELSE COMMIT; END IF;
END$$
DELIMITER ;
