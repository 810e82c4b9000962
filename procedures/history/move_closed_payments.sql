-- One step of archive_payments: some closed charges with their refunds and events, in a transaction of its own.
--
-- The users come first, then their charges, as everybody locks them. What somebody else holds is skipped: runs at once
-- share the work. So is what a seat or a late answer still refers to. The copies are written before the rows go, and both
-- become true together.
--
-- Parameters
--   p_before  charges processed before this day, UTC
--   p_batch   how many charges at most
--   p_moved   charges moved; 0: none are left that nobody holds
-- Example
--   CALL move_closed_payments('2025-01-01', 500, @moved);

DELIMITER $$
CREATE PROCEDURE move_closed_payments(IN p_before DATE, IN p_batch INT, OUT p_moved INT)
  COMMENT 'One step of archive_payments'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_closed  JSON;
  DECLARE v_charges JSON;
  DECLARE v_refunds JSON;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;

  CALL begin_owned();
  SELECT JSON_ARRAYAGG(payment_id) INTO v_closed
    FROM (SELECT payment_id FROM payments charge FORCE INDEX (payments_by_day)
            STRAIGHT_JOIN users buyer ON buyer.user_id = charge.user_id
           WHERE kind = 'charge' AND processed_at < p_before
             AND (status IN ('failed', 'refunded')
                  OR (status = 'completed' AND (enrollment_id IS NOT NULL OR subscription_id IS NOT NULL)))
             AND NOT EXISTS (SELECT /*+ NO_SEMIJOIN() */ 1 FROM payments late WHERE late.answers = charge.payment_id)
             AND NOT EXISTS (SELECT 1 FROM seat_holds hold WHERE hold.payment_id = charge.payment_id)
           LIMIT p_batch FOR UPDATE OF buyer SKIP LOCKED) closed;
  -- looked at again: before their users were locked, somebody else may have moved them or answered them
  SELECT JSON_ARRAYAGG(JSON_OBJECT('payment_id', payment_id, 'charged_at', created_at)), COUNT(*)
    INTO v_charges, p_moved
    FROM (SELECT charge.payment_id, created_at
            FROM JSON_TABLE(v_closed, '$[*]' COLUMNS (payment_id BIGINT UNSIGNED PATH '$')) found
            STRAIGHT_JOIN payments charge ON charge.payment_id = found.payment_id
           WHERE NOT EXISTS (SELECT /*+ NO_SEMIJOIN() */ 1 FROM payments late WHERE late.answers = charge.payment_id)
             AND NOT EXISTS (SELECT 1 FROM seat_holds hold WHERE hold.payment_id = charge.payment_id)
             FOR UPDATE OF charge SKIP LOCKED) closed;
  IF p_moved > 0 THEN
    SELECT JSON_ARRAYAGG(JSON_OBJECT('payment_id', refund.payment_id, 'charged_at', closed.charged_at)) INTO v_refunds
      FROM JSON_TABLE(v_charges, '$[*]' COLUMNS (payment_id BIGINT UNSIGNED PATH '$.payment_id',
                                                 charged_at DATETIME(6) PATH '$.charged_at')) closed
      STRAIGHT_JOIN payments refund ON refund.refund_of = closed.payment_id
       FOR UPDATE OF refund;
    IF v_refunds IS NOT NULL THEN
      CALL move_to_history(v_refunds);
    END IF;
    CALL move_to_history(v_charges);
  END IF;
  COMMIT;
END$$
DELIMITER ;
