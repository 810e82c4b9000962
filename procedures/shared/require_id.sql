-- Refuses an id that is missing or below 0.
--
-- Parameters
--   p_name   the parameter's name, for the message
--   p_value  what the caller gave
-- Errors
--   30001 MISSING_ARGUMENT
--   30065 OUT_OF_RANGE
-- Example
--   CALL require_id('p_user_id', -1);
--   ERROR 30065 (45000): p_user_id -1 is out of range: see the parameters of the procedure

DELIMITER $$
CREATE PROCEDURE require_id(IN p_name VARCHAR(64), IN p_value BIGINT)
  COMMENT 'Refuses an id that is missing or below 0'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  IF p_value IS NULL THEN
    CALL raise_error('MISSING_ARGUMENT', p_name);
  ELSEIF p_value < 0 THEN
    CALL raise_error('OUT_OF_RANGE', CONCAT(p_name, ' ', p_value));
  END IF;
END$$
DELIMITER ;
