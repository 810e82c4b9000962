-- Empties every column whose comment ends in (personal) in the rows of one person: NULL, or deleted_<id>@deleted.com.
--
-- Goes by information_schema, so that a column added later is covered. Whose row it is says its user_id or student_id.
-- Runs inside its caller's transaction.
--
-- Parameters
--   p_user_id  who, locked by the caller, the account closed
-- Example
--   CALL erase_personal_values(7);
--   SELECT name FROM users WHERE user_id = 7;
--   deleted_7@deleted.com

DELIMITER $$
CREATE PROCEDURE erase_personal_values(IN p_user_id BIGINT UNSIGNED)
  COMMENT 'Empties every personal column in the rows of one person'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_change TEXT;
  DECLARE v_done   BOOLEAN DEFAULT FALSE;
  DECLARE c_changes CURSOR FOR
    SELECT CONCAT('UPDATE `', personal.table_name, '` SET `', personal.column_name, '` = ',
                  IF(personal.is_nullable = 'YES', 'NULL', CONCAT('\'deleted_', p_user_id, '@deleted.com\'')),
                  ' WHERE `', owner.column_name, '` = ', p_user_id)
      FROM information_schema.columns personal
      JOIN information_schema.tables base
        ON base.table_schema = personal.table_schema AND base.table_name = personal.table_name
      JOIN information_schema.columns owner
        ON owner.table_schema = personal.table_schema AND owner.table_name = personal.table_name
     WHERE personal.table_schema = DATABASE()
       AND base.table_type = 'BASE TABLE'
       AND personal.column_comment LIKE '%(personal)'
       AND owner.column_name IN ('user_id', 'student_id')
     ORDER BY personal.table_name, personal.column_name;  -- a table before its history: what moves meanwhile is met there
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

  OPEN c_changes;
  FETCH c_changes INTO v_change;
  WHILE NOT v_done DO
    SET @erase_personal_values = v_change;
    PREPARE erase_personal_values FROM @erase_personal_values;
    EXECUTE erase_personal_values;
    DEALLOCATE PREPARE erase_personal_values;
    FETCH c_changes INTO v_change;
  END WHILE;
  CLOSE c_changes;
  SET @erase_personal_values = NULL;
END$$
DELIMITER ;
