-- Closes an account: no address any more, no subscription that stands. Runs inside its caller's transaction.
--
-- Parameters
--   p_user_id  who, locked by the caller
--   p_reason   why; may be NULL
-- Example
--   CALL close_account(7, 'asked for it by mail');

DELIMITER $$
CREATE PROCEDURE close_account(IN p_user_id BIGINT UNSIGNED, IN p_reason VARCHAR(500))
  COMMENT 'Closes an account'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  UPDATE users
     SET deleted_at      = UTC_TIMESTAMP(6),
         deletion_reason = p_reason,
         email           = CONCAT('deleted_', p_user_id, '@deleted.com')
   WHERE user_id = p_user_id;
  UPDATE subscriptions
     SET status = 'cancelled'
   WHERE user_id = p_user_id AND status IN ('active', 'past_due');
END$$
DELIMITER ;
