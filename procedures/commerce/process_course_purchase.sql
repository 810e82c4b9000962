-- Sells a course to a user: enrollment, payment, events and a year of access, or nothing.
--
-- p_transaction_id is an authorisation that the caller captures after SUCCESS and voids otherwise. Called again with
-- the same arguments it returns the first SUCCESS or FAILED and changes nothing; after a refusal it tries again.
--
-- Parameters
--   p_user_id         who buys
--   p_course_id       what
--   p_payment_method  credit_card, paypal, stripe or bank_transfer
--   p_transaction_id  the gateway's authorisation; also the key of a repeated call; at most 100 characters, ASCII
--   p_enrollment_id   the new enrollment; NULL unless SUCCESS
--   p_status          one of the outcomes
-- Outcomes
--   COURSE_NOT_AVAILABLE   unknown, draft or archived
--   ALREADY_ENROLLED       an enrollment is in force
--   MISSING_PREREQUISITES  something required is not completed
--   COURSE_FULL            no seat is free
--   FRAUD_BLOCKED          the fraud rules stand against it; their alerts stay
--   SUCCESS                sold; a course of price 0 without a payment
--   FAILED                 a database error: the sale is undone, a failed payment and its event remain; at price 0
--                          there is no payment to fail, and the error is passed on
-- Errors
--   30001 MISSING_ARGUMENT
--   30002 NO_SUCH_USER
--   30003 USER_DELETED
--   30005 KEY_REUSED
--   30006 RESERVED_KEY
--   30007 UNKNOWN_METHOD
--   30063 TOO_LONG
--   30064 NOT_ASCII
--   30065 OUT_OF_RANGE
-- Example
--   CALL process_course_purchase(7, 1, 'paypal', 'ch_3AbC', @enrollment_id, @status);
--   SELECT @enrollment_id, @status;
--   12  SUCCESS

DELIMITER $$
CREATE PROCEDURE process_course_purchase(
  IN  p_user_id        BIGINT,
  IN  p_course_id      BIGINT,
  IN  p_payment_method LONGTEXT,
  IN  p_transaction_id LONGTEXT,
  OUT p_enrollment_id  BIGINT UNSIGNED,
  OUT p_status         VARCHAR(50)
)
  COMMENT 'Sells a course to a user'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_transaction_id VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_deleted_at DATETIME(6);
  DECLARE v_price      DECIMAL(10,2);
  DECLARE v_receipt    JSON;
  DECLARE v_errno      INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    GET STACKED DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT process_course_purchase; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    IF v_errno IN (1205, 1213) OR v_errno BETWEEN 30000 AND 32767 THEN
      RESIGNAL;
    END IF;
    SELECT price INTO v_price FROM courses WHERE course_id = p_course_id FOR SHARE;
    IF COALESCE(v_price, 0) = 0 THEN
      RESIGNAL;
    END IF;
    CALL record_failed_purchase(p_user_id, p_course_id, p_payment_method, v_transaction_id, v_price, v_errno, v_receipt);
    SET p_status        = JSON_VALUE(v_receipt, '$.status'),
        p_enrollment_id = JSON_VALUE(v_receipt, '$.enrollment_id' RETURNING UNSIGNED);
  END;

  CALL require_id('p_user_id', p_user_id);
  CALL require_id('p_course_id', p_course_id);
  CALL require_argument('p_payment_method', p_payment_method);
  CALL require_key('p_transaction_id', p_transaction_id, 100);
  SET v_transaction_id = p_transaction_id;
  IF p_payment_method NOT IN ('credit_card', 'paypal', 'stripe', 'bank_transfer') THEN
    CALL raise_error('UNKNOWN_METHOD', p_payment_method);
  END IF;
  IF v_transaction_id LIKE 'refund\_%' THEN
    CALL raise_error('RESERVED_KEY', v_transaction_id);
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT process_course_purchase;
  CALL lock_user(p_user_id, v_deleted_at);
  CALL claim_receipt('process_course_purchase', v_transaction_id,
                     CONCAT_WS('|', p_user_id, p_course_id, p_payment_method), v_receipt);
  IF v_receipt IS NULL THEN
    IF v_deleted_at IS NOT NULL THEN
      CALL raise_error('USER_DELETED', p_user_id);
    END IF;
    CALL sell_course(p_user_id, p_course_id, p_payment_method, v_transaction_id, p_enrollment_id, p_status);
    IF p_status = 'SUCCESS' THEN
      UPDATE receipts SET outcome = JSON_OBJECT('status', p_status, 'enrollment_id', p_enrollment_id)
       WHERE operation = 'process_course_purchase' AND receipt_key = v_transaction_id;
    ELSEIF p_status = 'FRAUD_BLOCKED' THEN  -- its alerts stay
      DELETE FROM receipts WHERE operation = 'process_course_purchase' AND receipt_key = v_transaction_id;
    ELSE
      ROLLBACK TO SAVEPOINT process_course_purchase;
    END IF;
  ELSE
    SET p_status        = JSON_VALUE(v_receipt, '$.status'),
        p_enrollment_id = JSON_VALUE(v_receipt, '$.enrollment_id' RETURNING UNSIGNED);
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT process_course_purchase; ELSE COMMIT; END IF;
END$$
DELIMITER ;
