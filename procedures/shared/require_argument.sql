-- Refuses an argument that is NULL or empty; blanks are empty too.
--
-- Parameters
--   p_name   the parameter's name, for the message
--   p_value  what the caller gave
-- Errors
--   30001 MISSING_ARGUMENT
-- Example
--   CALL require_argument('p_user_id', NULL);
--   ERROR 30001 (45000): p_user_id is NULL or empty: give a value

DELIMITER $$
CREATE PROCEDURE require_argument(IN p_name VARCHAR(64), IN p_value LONGTEXT)
  COMMENT 'Refuses an argument that is NULL or empty'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  IF COALESCE(TRIM(p_value), '') = '' THEN
    CALL raise_error('MISSING_ARGUMENT', p_name);
  END IF;
END$$
DELIMITER ;
