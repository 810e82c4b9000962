-- Ends a subscription: at once, or with the period that is paid.
--
-- Parameters
--   p_subscription_id  which subscription
--   p_at_period_end    TRUE: it goes on until current_period_end; FALSE: it ends now
--   p_status           one of the outcomes
-- Outcomes
--   SUCCESS            cancelled, or will be with its period
--   ALREADY_CANCELLED  it has ended, or ends with its period as asked
-- Errors
--   30001 MISSING_ARGUMENT
--   30012 NO_SUCH_SUBSCRIPTION
--   30065 OUT_OF_RANGE
-- Example
--   CALL cancel_subscription(5, TRUE, @status);
--   SELECT @status;
--   SUCCESS

DELIMITER $$
CREATE PROCEDURE cancel_subscription(
  IN  p_subscription_id BIGINT,
  IN  p_at_period_end   BIGINT,
  OUT p_status          VARCHAR(50)
)
  COMMENT 'Ends a subscription at once or with its period'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined BOOLEAN;
  DECLARE v_state  VARCHAR(20);
  DECLARE v_ends   BOOLEAN;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT cancel_subscription; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_subscription_id', p_subscription_id);
  CALL require_argument('p_at_period_end', p_at_period_end);

  IF p_at_period_end NOT IN (FALSE, TRUE) THEN
    CALL raise_error('OUT_OF_RANGE', CONCAT('p_at_period_end ', p_at_period_end));
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT cancel_subscription;
  SELECT status, cancel_at_period_end INTO v_state, v_ends
    FROM subscriptions WHERE subscription_id = p_subscription_id FOR UPDATE;
  IF v_state IS NULL THEN
    CALL raise_error('NO_SUCH_SUBSCRIPTION', p_subscription_id);
  END IF;

  IF v_state IN ('cancelled', 'expired') OR (v_ends AND p_at_period_end) THEN
    SET p_status = 'ALREADY_CANCELLED';
  ELSEIF p_at_period_end THEN
    UPDATE subscriptions SET cancel_at_period_end = TRUE WHERE subscription_id = p_subscription_id;
    SET p_status = 'SUCCESS';
  ELSE
    UPDATE subscriptions SET status = 'cancelled' WHERE subscription_id = p_subscription_id;
    SET p_status = 'SUCCESS';
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT cancel_subscription; ELSE COMMIT; END IF;
END$$
DELIMITER ;
