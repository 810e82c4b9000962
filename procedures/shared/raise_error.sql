-- Ends the call with an error of error_catalogue: who, what, the mend.
--
-- Parameters
--   p_name     the error's name in error_catalogue
--   p_subject  who or which it is about; takes the place of {} in its message
-- Errors
--   every one of error_catalogue, SQLSTATE 45000
-- Example
--   CALL raise_error('NO_SUCH_USER', 7);
--   ERROR 30002 (45000): there is no user 7: check the id

DELIMITER $$
CREATE PROCEDURE raise_error(IN p_name VARCHAR(40), IN p_subject LONGTEXT)
  COMMENT 'Ends the call with an error of error_catalogue'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_errno SMALLINT UNSIGNED DEFAULT 32767;
  DECLARE v_text  VARCHAR(128) DEFAULT 'an error that is not in error_catalogue';

  SELECT errno, LEFT(CONCAT(REPLACE(message, '{}', LEFT(COALESCE(p_subject, 'NULL'), 40)), ': ', mend), 128)
    INTO v_errno, v_text
    FROM error_catalogue WHERE name = p_name;
  SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = v_errno, MESSAGE_TEXT = v_text;
END$$
DELIMITER ;
