-- Puts a user on a plan from today on, UTC, the first period paid.
--
-- Called again with the same arguments it returns the first SUCCESS and changes nothing.
--
-- Parameters
--   p_user_id          who
--   p_plan_type        monthly or annual; at most 20 characters
--   p_idempotency_key  the key of a repeated call; at most 120 characters, ASCII
--   p_subscription_id  the new subscription; NULL unless SUCCESS
--   p_status           one of the outcomes
-- Outcomes
--   SUCCESS             subscribed, first period paid
--   ALREADY_SUBSCRIBED  an active or past_due subscription stands, on whatever plan
-- Errors
--   30001 MISSING_ARGUMENT
--   30002 NO_SUCH_USER
--   30003 USER_DELETED
--   30005 KEY_REUSED
--   30044 NO_SUCH_PLAN
--   30063 TOO_LONG
--   30064 NOT_ASCII
--   30065 OUT_OF_RANGE
-- Example
--   CALL subscribe(7, 'monthly', 'sub-7-1', @subscription_id, @status);
--   SELECT @subscription_id, @status;
--   5  SUCCESS

DELIMITER $$
CREATE PROCEDURE subscribe(
  IN  p_user_id         BIGINT,
  IN  p_plan_type       LONGTEXT,
  IN  p_idempotency_key LONGTEXT,
  OUT p_subscription_id BIGINT UNSIGNED,
  OUT p_status          VARCHAR(50)
)
  COMMENT 'Puts a user on a plan'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_idempotency_key VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_deleted_at DATETIME(6);
  DECLARE v_receipt    JSON;
  DECLARE v_price      DECIMAL(10,2);
  DECLARE v_end        DATE;
  DECLARE v_standing   BIGINT UNSIGNED;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT subscribe; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_user_id', p_user_id);
  CALL require_argument('p_plan_type', p_plan_type);
  CALL require_key('p_idempotency_key', p_idempotency_key, 120);
  CALL refuse_long('p_plan_type', p_plan_type, 20);
  SET v_idempotency_key = p_idempotency_key;

  CALL begin_or_join(v_joined);
  SAVEPOINT subscribe;
  CALL lock_user(p_user_id, v_deleted_at);
  CALL claim_receipt('subscribe', v_idempotency_key, CONCAT_WS('|', p_user_id, p_plan_type), v_receipt);
  IF v_receipt IS NULL THEN
    IF v_deleted_at IS NOT NULL THEN
      CALL raise_error('USER_DELETED', p_user_id);
    END IF;
    SELECT price, next_period_end(UTC_DATE(), months, DAY(UTC_DATE())) INTO v_price, v_end
      FROM subscription_plans WHERE plan_type = p_plan_type FOR SHARE;
    IF v_price IS NULL THEN
      CALL raise_error('NO_SUCH_PLAN', p_plan_type);
    END IF;
    SELECT MIN(subscription_id) INTO v_standing
      FROM subscriptions WHERE user_id = p_user_id AND status IN ('active', 'past_due') FOR SHARE;
    IF v_standing IS NULL THEN
      INSERT INTO subscriptions (user_id, plan_type, start_date, current_period_end, next_billing_date)
      VALUES (p_user_id, p_plan_type, UTC_DATE(), v_end, v_end);
      SET p_subscription_id = LAST_INSERT_ID(), p_status = 'SUCCESS';
      INSERT INTO subscription_payments (subscription_id, amount, billing_period_start, billing_period_end, status)
      VALUES (p_subscription_id, v_price, UTC_DATE(), v_end, 'completed');
      UPDATE receipts SET outcome = JSON_OBJECT('status', p_status, 'subscription_id', p_subscription_id)
       WHERE operation = 'subscribe' AND receipt_key = v_idempotency_key;
    ELSE
      ROLLBACK TO SAVEPOINT subscribe;
      SET p_status = 'ALREADY_SUBSCRIBED';
    END IF;
  ELSE
    SET p_status          = JSON_VALUE(v_receipt, '$.status'),
        p_subscription_id = JSON_VALUE(v_receipt, '$.subscription_id' RETURNING UNSIGNED);
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT subscribe; ELSE COMMIT; END IF;
END$$
DELIMITER ;
