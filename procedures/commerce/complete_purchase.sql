-- Ends a purchase whose gateway took the money: the held seat becomes the enrollment.
--
-- What a gateway says it took is never lost: where the payment cannot take it any more, a charge of its own stands for
-- it, names the payment in answers, and is listed by v_payments_to_reconcile. Called again with the same arguments it
-- returns the first outcome and changes nothing.
--
-- Parameters
--   p_payment_id      what begin_purchase returned
--   p_transaction_id  the gateway's id; at most 100 characters, ASCII
--   p_enrollment_id   the new enrollment; NULL unless SUCCESS
--   p_status          one of the outcomes
-- Outcomes
--   SUCCESS            enrolled, with access
--   REFUND_DUE         the course is off the market, the student enrolled meanwhile or deleted, or the time was up
--                      before the gateway answered: call refund_payment
--   ALREADY_COMPLETED  with another transaction
--   ALREADY_FAILED     by fail_purchase
-- Errors
--   30001 MISSING_ARGUMENT
--   30005 KEY_REUSED
--   30006 RESERVED_KEY
--   30025 NO_SUCH_PAYMENT
--   30063 TOO_LONG
--   30064 NOT_ASCII
--   30065 OUT_OF_RANGE
-- Example
--   CALL complete_purchase(31, 'ch_3AbC', @enrollment_id, @status);
--   SELECT @enrollment_id, @status;
--   12  SUCCESS

DELIMITER $$
CREATE PROCEDURE complete_purchase(
  IN  p_payment_id     BIGINT,
  IN  p_transaction_id LONGTEXT,
  OUT p_enrollment_id  BIGINT UNSIGNED,
  OUT p_status         VARCHAR(50)
)
  COMMENT 'Ends a purchase whose gateway took the money'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined    BOOLEAN;
  DECLARE v_transaction_id VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_user_id   BIGINT UNSIGNED;
  DECLARE v_course_id BIGINT UNSIGNED;
  DECLARE v_status    VARCHAR(20);
  DECLARE v_receipt   JSON;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT complete_purchase; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_payment_id', p_payment_id);
  CALL require_key('p_transaction_id', p_transaction_id, 100);
  SET v_transaction_id = p_transaction_id;
  IF v_transaction_id LIKE 'refund\_%' THEN
    CALL raise_error('RESERVED_KEY', v_transaction_id);
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT complete_purchase;
  CALL lock_purchase(p_payment_id, v_user_id, v_course_id, v_status);
  CALL claim_receipt('gateway_answer', v_transaction_id, CONCAT('payment|', p_payment_id), v_receipt);
  IF v_receipt IS NULL THEN
    IF v_status = 'pending' THEN
      CALL settle_purchase(p_payment_id, v_user_id, v_course_id, v_transaction_id, p_enrollment_id);
      SET p_status = IF(p_enrollment_id IS NULL, 'REFUND_DUE', 'SUCCESS');
    ELSE
      CALL book_late_answer(p_payment_id, v_status, v_transaction_id, p_status);
    END IF;
    UPDATE receipts SET outcome = JSON_OBJECT('status', p_status, 'enrollment_id', p_enrollment_id)
     WHERE operation = 'gateway_answer' AND receipt_key = v_transaction_id;
  ELSE
    SET p_status        = JSON_VALUE(v_receipt, '$.status'),
        p_enrollment_id = JSON_VALUE(v_receipt, '$.enrollment_id' RETURNING UNSIGNED);
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT complete_purchase; ELSE COMMIT; END IF;
END$$
DELIMITER ;
