-- Moves closed charges, with their refunds and events, into the history: failed, refunded, or past the refund window.
--
-- A charge that brought no enrollment and no subscription stays until it is given back. Every batch is one short
-- transaction: stopped anywhere, nothing is lost or doubled. Safe to run twice and at once.
--
-- Parameters
--   p_before  charges processed before this day, UTC; never those within policy refund_window_days
--   p_batch   charges per transaction
--   p_moved   charges moved
-- Errors
--   30001 MISSING_ARGUMENT
--   30009 IN_TRANSACTION
--   30061 BAD_BATCH
--   30066 BAD_DATE
-- Example
--   CALL archive_payments('2025-01-01', 500, @moved);
--   SELECT @moved;
--   18204

DELIMITER $$
CREATE PROCEDURE archive_payments(IN p_before DATE, IN p_batch BIGINT, OUT p_moved INT)
  COMMENT 'Moves closed charges into the history'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_before DATE;
  DECLARE v_moved  INT;
  DECLARE v_busy   BOOLEAN;  -- a deadlock: the step has to be repeated
  DECLARE CONTINUE HANDLER FOR 1213 SET v_busy = TRUE;

  CALL require_date('p_before', p_before);
  CALL require_argument('p_batch', p_batch);
  IF p_batch NOT BETWEEN 1 AND 10000 THEN
    CALL raise_error('BAD_BATCH', p_batch);
  END IF;
  CALL refuse_in_transaction('archive_payments');
  SET v_before = LEAST(p_before, UTC_DATE() - INTERVAL policy_value('refund_window_days') DAY), p_moved = 0;

  REPEAT
    SET v_busy = FALSE, v_moved = 0;
    CALL move_closed_payments(v_before, p_batch, v_moved);
    SET p_moved = p_moved + IF(v_busy, 0, v_moved);
  UNTIL NOT v_busy AND v_moved = 0 END REPEAT;
END$$
DELIMITER ;
