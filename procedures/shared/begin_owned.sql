-- Opens a transaction at READ COMMITTED that belongs to the procedure that asks, and marks it so.
--
-- READ COMMITTED, because gap locks would make strangers wait for and deadlock with each other. The mark is a savepoint:
-- undo_leftover knows by it a transaction that a killed call has left open.
--
-- Example
--   CALL begin_owned();

DELIMITER $$
CREATE PROCEDURE begin_owned()
  COMMENT 'Opens a transaction that belongs to the procedure that asks'
  SQL SECURITY DEFINER NOT DETERMINISTIC CONTAINS SQL
BEGIN
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;
  SAVEPOINT owned_by_a_procedure;
END$$
DELIMITER ;
