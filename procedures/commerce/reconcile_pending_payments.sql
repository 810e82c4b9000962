-- Lets payments and orders expire that are pending for too long: they fail, what they hold is free again. Money that a
-- gateway takes later is kept as REFUND_DUE.
--
-- Each is a transaction of its own. One that cannot expire stops no other; it is told at the end. Runs at once expire
-- each only once.
--
-- Parameters
--   p_older_than_minutes  how long a gateway may take to answer
--   p_expired             how many payments and orders expired
-- Errors
--   30001 MISSING_ARGUMENT
--   30009 IN_TRANSACTION
--   30031 NOT_ALL_EXPIRED  those that could expire have
--   30065 OUT_OF_RANGE
-- Example
--   CALL reconcile_pending_payments(30, @expired);
--   SELECT @expired;
--   3

DELIMITER $$
CREATE PROCEDURE reconcile_pending_payments(IN p_older_than_minutes BIGINT, OUT p_expired INT)
  COMMENT 'Lets payments and orders expire that are pending for too long'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_payment_id BIGINT UNSIGNED;
  DECLARE v_order_id   BIGINT UNSIGNED;
  DECLARE v_word       VARCHAR(10);
  DECLARE v_failed     INT DEFAULT 0;
  DECLARE v_done       BOOLEAN DEFAULT FALSE;
  DECLARE c_pending CURSOR FOR
    SELECT payment_id, NULL FROM payments
     WHERE status = 'pending' AND created_at <= UTC_TIMESTAMP(6) - INTERVAL p_older_than_minutes MINUTE
       AND kind = 'charge'
    UNION ALL
    SELECT NULL, order_id FROM orders
     WHERE status = 'pending_payment' AND created_at <= UTC_TIMESTAMP(6) - INTERVAL p_older_than_minutes MINUTE;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

  CALL require_argument('p_older_than_minutes', p_older_than_minutes);
  IF p_older_than_minutes NOT BETWEEN 0 AND 4294967295 THEN
    CALL raise_error('OUT_OF_RANGE', CONCAT('p_older_than_minutes ', p_older_than_minutes));
  END IF;
  CALL refuse_in_transaction('reconcile_pending_payments');
  SET p_expired = 0;

  OPEN c_pending;
  FETCH c_pending INTO v_payment_id, v_order_id;
  WHILE NOT v_done DO
    CALL expire_pending(v_payment_id, v_order_id, v_word);
    SET p_expired = p_expired + (v_word = 'EXPIRED'),
        v_failed  = v_failed + (v_word = 'FAILED');
    SET v_done = FALSE;  -- a "not found" inside the call is not the cursor's
    FETCH c_pending INTO v_payment_id, v_order_id;
  END WHILE;
  CLOSE c_pending;
  IF v_failed > 0 THEN
    CALL raise_error('NOT_ALL_EXPIRED', v_failed);
  END IF;
END$$
DELIMITER ;
