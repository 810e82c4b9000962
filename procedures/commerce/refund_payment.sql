-- Gives money back for which there is no enrollment to end: what v_payments_to_reconcile lists. Without window or
-- progress. For a payment that had failed already when its money came, that money.
--
-- Parameters
--   p_payment_id  which payment
--   p_reason      why; may be NULL; at most 500 characters
--   p_result      one of the outcomes
-- Outcomes
--   ERROR: Already refunded            once is enough
--   ERROR: No completed payment found  nothing to give back; what is archived and was not due stays paid
--   SUCCESS: Refunded $<amount>        done
-- Errors
--   30001 MISSING_ARGUMENT
--   30030 ENROLLMENT_PAID_FOR
--   30063 TOO_LONG
--   30065 OUT_OF_RANGE
-- Example
--   CALL refund_payment(31, 'answered after it had expired', @result);
--   SELECT @result;
--   SUCCESS: Refunded $49.99

DELIMITER $$
CREATE PROCEDURE refund_payment(IN p_payment_id BIGINT, IN p_reason LONGTEXT, OUT p_result VARCHAR(100))
  COMMENT 'Gives money back for which there is no enrollment to end'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_user_id    BIGINT UNSIGNED;
  DECLARE v_deleted_at DATETIME(6);
  DECLARE v_charge_id  BIGINT UNSIGNED;
  DECLARE v_status     VARCHAR(20);
  DECLARE v_amount     DECIMAL(10,2);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT refund_payment; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_payment_id', p_payment_id);
  CALL refuse_long('p_reason', p_reason, 500);

  CALL begin_or_join(v_joined);
  SAVEPOINT refund_payment;
  SELECT user_id INTO v_user_id FROM payments WHERE payment_id = p_payment_id;
  IF v_user_id IS NOT NULL THEN
    CALL lock_user(v_user_id, v_deleted_at);
  END IF;
  SELECT payment_id, status, amount INTO v_charge_id, v_status, v_amount
    FROM payments WHERE payment_id = p_payment_id AND kind = 'charge' FOR UPDATE;
  IF v_status = 'failed' THEN
    SELECT payment_id, status, amount INTO v_charge_id, v_status, v_amount
      FROM payments WHERE answers = p_payment_id ORDER BY status = 'refunded', payment_id LIMIT 1 FOR UPDATE;
  END IF;

  IF v_charge_id IS NULL THEN
    SELECT status INTO v_status FROM payments_history WHERE payment_id = p_payment_id AND kind = 'charge' FOR SHARE;
  END IF;

  IF v_status = 'refunded' THEN
    SET p_result = 'ERROR: Already refunded';
  ELSEIF v_charge_id IS NULL OR v_status <> 'completed' THEN
    SET p_result = 'ERROR: No completed payment found';
  ELSEIF pays_for_enrollment(v_charge_id) THEN
    CALL raise_error('ENROLLMENT_PAID_FOR', v_charge_id);
  ELSE
    CALL give_back(v_charge_id);
    UPDATE payments SET reason = p_reason WHERE refund_of = v_charge_id;
    SET p_result = CONCAT('SUCCESS: Refunded $', v_amount);
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT refund_payment; ELSE COMMIT; END IF;
END$$
DELIMITER ;
