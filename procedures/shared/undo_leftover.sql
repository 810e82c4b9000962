-- Undoes what a call that was killed in the middle has left open on this connection.
--
-- No handler runs when a query is killed or times out (1317, 3024): the transaction of the procedure stays open, and the
-- next call would join it and never commit.
--
-- Example
--   CALL undo_leftover();

DELIMITER $$
CREATE PROCEDURE undo_leftover()
  COMMENT 'Undoes what a killed call has left open'
  SQL SECURITY DEFINER NOT DETERMINISTIC CONTAINS SQL
BEGIN
  DECLARE v_leftover BOOLEAN DEFAULT TRUE;

  BEGIN
    DECLARE EXIT HANDLER FOR 1305 SET v_leftover = FALSE;  -- no such savepoint: nothing was left
    ROLLBACK TO SAVEPOINT owned_by_a_procedure;
  END;
  IF v_leftover THEN
    ROLLBACK;
  END IF;
END$$
DELIMITER ;
