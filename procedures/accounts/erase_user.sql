-- Forgets a person: every (personal) value anywhere is gone, so is what nobody has a duty to keep; money stays, unnamed.
--
-- The account is closed first where it is not. What stays says whose it was by the id alone; erasure_log says that, when
-- and why somebody was erased.
--
-- Parameters
--   p_user_id       who
--   p_requested_by  on whose request; at most 288 characters
--   p_reason        why, without the person's name; may be NULL; at most 500 characters
-- Errors
--   30001 MISSING_ARGUMENT
--   30002 NO_SUCH_USER
--   30049 ALREADY_ERASED
--   30063 TOO_LONG
--   30065 OUT_OF_RANGE
-- Example
--   CALL erase_user(7, 'data protection desk', 'request 2026-114');
--   SELECT name, email FROM users WHERE user_id = 7;
--   deleted_7@deleted.com  deleted_7@deleted.com

DELIMITER $$
CREATE PROCEDURE erase_user(
  IN p_user_id      BIGINT,
  IN p_requested_by LONGTEXT,
  IN p_reason       LONGTEXT
)
  COMMENT 'Forgets a person; money stays, unnamed'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined        BOOLEAN;
  DECLARE v_deleted_at    DATETIME(6);
  DECLARE v_payments      INT;
  DECLARE v_archived      INT;
  DECLARE v_enrollments   INT;
  DECLARE v_subscriptions INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT erase_user; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_user_id', p_user_id);
  CALL require_argument('p_requested_by', p_requested_by);
  CALL refuse_long('p_reason', p_reason, 500);
  CALL refuse_long('p_requested_by', p_requested_by, 288);

  CALL begin_or_join(v_joined);
  SAVEPOINT erase_user;
  CALL lock_user(p_user_id, v_deleted_at);
  SELECT COUNT(*) INTO v_payments FROM payments WHERE user_id = p_user_id FOR SHARE;
  SELECT COUNT(*) INTO v_archived FROM payments_history WHERE user_id = p_user_id FOR SHARE;
  SELECT COUNT(*) INTO v_enrollments FROM enrollments WHERE student_id = p_user_id FOR SHARE;
  SELECT COUNT(*) INTO v_subscriptions FROM subscriptions WHERE user_id = p_user_id FOR SHARE;
  BEGIN  -- the log's key decides: looking for a missing row first would lock the gap that it belongs in
    DECLARE EXIT HANDLER FOR 1062 CALL raise_error('ALREADY_ERASED', p_user_id);
    INSERT INTO erasure_log (user_id, requested_by, reason, kept)
    VALUES (p_user_id, p_requested_by, p_reason,
            JSON_OBJECT('payments', v_payments + v_archived, 'enrollments', v_enrollments, 'subscriptions', v_subscriptions,
                        'why', 'accounts must show what was paid, and what for'));
  END;

  IF v_deleted_at IS NULL THEN
    CALL close_account(p_user_id, NULL);
  END IF;
  CALL forget_user(p_user_id);
  CALL erase_personal_values(p_user_id);

  IF v_joined THEN RELEASE SAVEPOINT erase_user; ELSE COMMIT; END IF;
END$$
DELIMITER ;
