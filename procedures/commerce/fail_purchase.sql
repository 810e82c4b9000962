-- Ends a purchase whose gateway took no money: the payment has failed, the seat is free again.
--
-- Parameters
--   p_payment_id  what begin_purchase returned
--   p_reason      why; may be NULL; at most 500 characters
--   p_status      one of the outcomes
-- Outcomes
--   SUCCESS            failed now
--   ALREADY_COMPLETED  the money was taken: nothing changes
--   ALREADY_FAILED     nothing to do
-- Errors
--   30001 MISSING_ARGUMENT
--   30025 NO_SUCH_PAYMENT
--   30063 TOO_LONG
--   30065 OUT_OF_RANGE
-- Example
--   CALL fail_purchase(31, 'card declined', @status);
--   SELECT @status;
--   SUCCESS

DELIMITER $$
CREATE PROCEDURE fail_purchase(IN p_payment_id BIGINT, IN p_reason LONGTEXT, OUT p_status VARCHAR(50))
  COMMENT 'Ends a purchase whose gateway took no money'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined    BOOLEAN;
  DECLARE v_user_id   BIGINT UNSIGNED;
  DECLARE v_course_id BIGINT UNSIGNED;
  DECLARE v_status    VARCHAR(20);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT fail_purchase; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_payment_id', p_payment_id);
  CALL refuse_long('p_reason', p_reason, 500);

  CALL begin_or_join(v_joined);
  SAVEPOINT fail_purchase;
  CALL lock_purchase(p_payment_id, v_user_id, v_course_id, v_status);
  IF v_status = 'pending' THEN
    INSERT INTO payment_events (payment_id, event_type) VALUES (p_payment_id, 'payment_gateway_failed');
    CALL release_purchase(p_payment_id, p_reason);
    SET p_status = 'SUCCESS';
  ELSE
    SET p_status = IF(v_status = 'failed', 'ALREADY_FAILED', 'ALREADY_COMPLETED');
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT fail_purchase; ELSE COMMIT; END IF;
END$$
DELIMITER ;
