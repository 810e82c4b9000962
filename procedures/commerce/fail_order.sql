-- Ends an order whose gateway took no money: the seats are free again, the promotion can be used again.
--
-- Parameters
--   p_order_id  what place_order returned
--   p_reason    why; may be NULL; at most 500 characters
--   p_status    one of the outcomes
-- Outcomes
--   FAILED             failed now
--   ALREADY_CONFIRMED  the money was taken: nothing changes
--   ALREADY_FAILED     nothing to do
-- Errors
--   30001 MISSING_ARGUMENT
--   30028 NO_SUCH_ORDER
--   30063 TOO_LONG
--   30065 OUT_OF_RANGE
-- Example
--   CALL fail_order(9, 'card declined', @status);
--   SELECT @status;
--   FAILED

DELIMITER $$
CREATE PROCEDURE fail_order(IN p_order_id BIGINT, IN p_reason LONGTEXT, OUT p_status VARCHAR(50))
  COMMENT 'Ends an order whose gateway took no money'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined  BOOLEAN;
  DECLARE v_user_id BIGINT UNSIGNED;
  DECLARE v_status  VARCHAR(20);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT fail_order; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_order_id', p_order_id);
  CALL refuse_long('p_reason', p_reason, 500);

  CALL begin_or_join(v_joined);
  SAVEPOINT fail_order;
  CALL lock_order(p_order_id, v_user_id, v_status);
  IF v_status = 'pending_payment' THEN
    CALL release_order(p_order_id, 'payment_failed', p_reason);
    SET p_status = 'FAILED';
  ELSE
    SET p_status = IF(v_status IN ('payment_failed', 'cancelled'), 'ALREADY_FAILED', 'ALREADY_CONFIRMED');
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT fail_order; ELSE COMMIT; END IF;
END$$
DELIMITER ;
