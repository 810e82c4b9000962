-- Begins the sale of a course around a gateway call that happens outside any transaction: the seat is held and a pending
-- payment stands until complete_purchase or fail_purchase tells how the gateway answered, or until the time is up.
--
-- A user holds at most one seat of a course: a second purchase begun meanwhile is ALREADY_ENROLLED. Called again with
-- the same arguments it returns the first PENDING or SUCCESS and changes nothing; after a refusal it tries again.
--
-- Parameters
--   p_user_id          who buys
--   p_course_id        what
--   p_payment_method   credit_card, paypal, stripe or bank_transfer
--   p_idempotency_key  the caller's key; also given to the gateway, a repeated call charges once; at most 120 characters, ASCII
--   p_payment_id       the pending payment; NULL unless PENDING
--   p_status           one of the outcomes
-- Outcomes
--   COURSE_NOT_AVAILABLE   unknown, draft or archived
--   ALREADY_ENROLLED       an enrollment is in force, or a purchase or order of the course is pending
--   MISSING_PREREQUISITES  something required is not completed
--   COURSE_FULL            no seat is free
--   FRAUD_BLOCKED          the fraud rules stand against it; their alerts stay
--   SUCCESS                the price is 0: enrolled already, there is no payment and nothing to complete
--   PENDING                the seat is held; now ask the gateway
-- Errors
--   30001 MISSING_ARGUMENT
--   30002 NO_SUCH_USER
--   30003 USER_DELETED
--   30005 KEY_REUSED
--   30007 UNKNOWN_METHOD
--   30063 TOO_LONG
--   30064 NOT_ASCII
--   30065 OUT_OF_RANGE
-- Example
--   CALL begin_purchase(7, 1, 'paypal', 'cart-7-1', @payment_id, @status);
--   SELECT @payment_id, @status;
--   31  PENDING

DELIMITER $$
CREATE PROCEDURE begin_purchase(
  IN  p_user_id         BIGINT,
  IN  p_course_id       BIGINT,
  IN  p_payment_method  LONGTEXT,
  IN  p_idempotency_key LONGTEXT,
  OUT p_payment_id      BIGINT UNSIGNED,
  OUT p_status          VARCHAR(50)
)
  COMMENT 'Begins the sale of a course around a gateway call'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_idempotency_key VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_deleted_at DATETIME(6);
  DECLARE v_receipt    JSON;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT begin_purchase; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_user_id', p_user_id);
  CALL require_id('p_course_id', p_course_id);
  CALL require_argument('p_payment_method', p_payment_method);
  CALL require_key('p_idempotency_key', p_idempotency_key, 120);
  SET v_idempotency_key = p_idempotency_key;
  IF p_payment_method NOT IN ('credit_card', 'paypal', 'stripe', 'bank_transfer') THEN
    CALL raise_error('UNKNOWN_METHOD', p_payment_method);
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT begin_purchase;
  CALL lock_user(p_user_id, v_deleted_at);
  CALL claim_receipt('begin_purchase', v_idempotency_key,
                     CONCAT_WS('|', p_user_id, p_course_id, p_payment_method), v_receipt);
  IF v_receipt IS NULL THEN
    IF v_deleted_at IS NOT NULL THEN
      CALL raise_error('USER_DELETED', p_user_id);
    END IF;
    CALL open_purchase(p_user_id, p_course_id, p_payment_method, v_idempotency_key, p_payment_id, p_status);
    IF p_status IN ('PENDING', 'SUCCESS') THEN
      UPDATE receipts SET outcome = JSON_OBJECT('status', p_status, 'payment_id', p_payment_id)
       WHERE operation = 'begin_purchase' AND receipt_key = v_idempotency_key;
    ELSEIF p_status = 'FRAUD_BLOCKED' THEN  -- its alerts stay
      DELETE FROM receipts WHERE operation = 'begin_purchase' AND receipt_key = v_idempotency_key;
    ELSE
      ROLLBACK TO SAVEPOINT begin_purchase;
      SET p_payment_id = NULL;
    END IF;
  ELSE
    SET p_status     = JSON_VALUE(v_receipt, '$.status'),
        p_payment_id = JSON_VALUE(v_receipt, '$.payment_id' RETURNING UNSIGNED);
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT begin_purchase; ELSE COMMIT; END IF;
END$$
DELIMITER ;
