-- Refuses who is deleted. Their row is read under a lock, so that nobody is deleted at the same time.
--
-- Parameters
--   p_user_id  who
-- Errors
--   30003 USER_DELETED
-- Example
--   CALL refuse_deleted_user(7);
--   ERROR 30003 (45000): user 7 is deleted: a deleted user can do nothing more

DELIMITER $$
CREATE PROCEDURE refuse_deleted_user(IN p_user_id BIGINT UNSIGNED)
  COMMENT 'Refuses who is deleted'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_deleted_at DATETIME(6);

  SELECT deleted_at INTO v_deleted_at FROM users WHERE user_id = p_user_id FOR SHARE;
  IF v_deleted_at IS NOT NULL THEN
    CALL raise_error('USER_DELETED', p_user_id);
  END IF;
END$$
DELIMITER ;
