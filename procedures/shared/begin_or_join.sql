-- Opens a transaction at READ COMMITTED, or finds that the caller has one and leaves it alone.
--
-- The procedure that asks sets a savepoint of its own name behind this call: in a joined transaction that is its way
-- back. It must not be called by another procedure that has begun already: that one's work would be taken for a leftover.
--
-- Parameters
--   p_joined  TRUE: the caller's transaction goes on; FALSE: the one opened here is ours to commit
-- Example
--   CALL begin_or_join(@joined);

DELIMITER $$
CREATE PROCEDURE begin_or_join(OUT p_joined BOOLEAN)
  COMMENT 'Opens a transaction, or joins the one of the caller'
  SQL SECURITY DEFINER NOT DETERMINISTIC CONTAINS SQL
BEGIN
  DECLARE EXIT HANDLER FOR 1305  -- no such savepoint: it did not last, so no transaction is open
  BEGIN
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;  -- as begin_owned, without a call: every purchase begins here
    START TRANSACTION;
    SAVEPOINT owned_by_a_procedure;
    SET p_joined = FALSE;
  END;

  SAVEPOINT begin_or_join;
  ROLLBACK TO SAVEPOINT begin_or_join;
  CALL undo_leftover();
  SAVEPOINT begin_or_join;
  ROLLBACK TO SAVEPOINT begin_or_join;
  RELEASE SAVEPOINT begin_or_join;
  SET p_joined = TRUE;
END$$
DELIMITER ;
