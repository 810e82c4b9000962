-- Refuses a text that is too long to be kept whole. The public parameters are wider than what is kept: a caller's
-- sql_mode decides whether the server cuts a text, and it would have been cut before the procedure sees it.
--
-- Parameters
--   p_name   the parameter's name, for the message
--   p_value  what the caller gave; may be NULL
--   p_most   how many characters it may have
-- Errors
--   30063 TOO_LONG
-- Example
--   CALL refuse_long('p_reason', REPEAT('x', 501), 500);
--   ERROR 30063 (45000): p_reason: more than 500 characters: shorten it

DELIMITER $$
CREATE PROCEDURE refuse_long(IN p_name VARCHAR(64), IN p_value LONGTEXT, IN p_most INT)
  COMMENT 'Refuses a text that is too long to be kept whole'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  IF CHAR_LENGTH(p_value) > p_most THEN
    CALL raise_error('TOO_LONG', CONCAT(p_name, ': more than ', p_most));
  END IF;
END$$
DELIMITER ;
