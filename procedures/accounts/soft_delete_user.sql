-- Closes a user's account. Enrollments and payments stay; subscriptions end; the user can do nothing more.
--
-- Parameters
--   p_user_id  who
--   p_reason   why; may be NULL; at most 500 characters
-- Errors
--   30001 MISSING_ARGUMENT
--   30002 NO_SUCH_USER
--   30003 USER_DELETED
--   30063 TOO_LONG
--   30065 OUT_OF_RANGE
-- Example
--   CALL soft_delete_user(7, 'asked for it by mail');
--   SELECT email FROM users WHERE user_id = 7;
--   deleted_7@deleted.com

DELIMITER $$
CREATE PROCEDURE soft_delete_user(IN p_user_id BIGINT, IN p_reason LONGTEXT)
  COMMENT 'Closes a user''s account'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_deleted_at DATETIME(6);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT soft_delete_user; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_user_id', p_user_id);
  CALL refuse_long('p_reason', p_reason, 500);

  CALL begin_or_join(v_joined);
  SAVEPOINT soft_delete_user;
  CALL lock_user(p_user_id, v_deleted_at);
  IF v_deleted_at IS NOT NULL THEN
    CALL raise_error('USER_DELETED', p_user_id);
  END IF;
  CALL close_account(p_user_id, p_reason);

  IF v_joined THEN RELEASE SAVEPOINT soft_delete_user; ELSE COMMIT; END IF;
END$$
DELIMITER ;
