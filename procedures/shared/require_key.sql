-- Refuses a transaction id or key that is missing, too long or not ASCII: two of them must never be taken for one.
--
-- Parameters
--   p_name   the parameter's name, for the message
--   p_value  what the caller gave
--   p_most   how many characters it may have
-- Errors
--   30001 MISSING_ARGUMENT
--   30063 TOO_LONG
--   30064 NOT_ASCII
-- Example
--   CALL require_key('p_transaction_id', 'ключ', 100);
--   ERROR 30064 (45000): p_transaction_id is not ASCII: give a key of ASCII characters

DELIMITER $$
CREATE PROCEDURE require_key(IN p_name VARCHAR(64), IN p_value LONGTEXT, IN p_most INT)
  COMMENT 'Refuses a key that is missing, too long or not ASCII'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  CALL require_argument(p_name, p_value);
  CALL refuse_long(p_name, p_value, p_most);
  IF LENGTH(p_value) > CHAR_LENGTH(p_value) THEN
    CALL raise_error('NOT_ASCII', p_name);
  END IF;
END$$
DELIMITER ;
