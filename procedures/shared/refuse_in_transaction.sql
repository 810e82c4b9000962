-- Refuses to go on inside a transaction; for procedures that commit as they go.
--
-- Parameters
--   p_procedure  who asks, for the message
-- Errors
--   30009 IN_TRANSACTION
-- Example
--   START TRANSACTION; CALL refuse_in_transaction('fold_counters');
--   ERROR 30009 (45000): fold_counters commits as it goes: call it outside a transaction

DELIMITER $$
CREATE PROCEDURE refuse_in_transaction(IN p_procedure VARCHAR(64))
  COMMENT 'Refuses to go on inside a transaction'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_open BOOLEAN DEFAULT TRUE;

  CALL undo_leftover();
  BEGIN
    DECLARE EXIT HANDLER FOR 1305 SET v_open = FALSE;
    SAVEPOINT refuse_in_transaction;
    ROLLBACK TO SAVEPOINT refuse_in_transaction;
    RELEASE SAVEPOINT refuse_in_transaction;
  END;
  IF v_open THEN
    CALL raise_error('IN_TRANSACTION', p_procedure);
  END IF;
END$$
DELIMITER ;
