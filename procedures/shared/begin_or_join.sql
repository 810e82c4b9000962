-- Opens a transaction at READ COMMITTED, or finds that the caller has one and leaves it alone.
--
-- The caller sets a savepoint of its own name behind this call: in a joined transaction that is its way back.
-- READ COMMITTED, because gap locks would make strangers wait for and deadlock with each other.
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
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    START TRANSACTION;
    SET p_joined = FALSE;
  END;

  SAVEPOINT begin_or_join;
  ROLLBACK TO SAVEPOINT begin_or_join;
  RELEASE SAVEPOINT begin_or_join;
  SET p_joined = TRUE;
END$$
DELIMITER ;
