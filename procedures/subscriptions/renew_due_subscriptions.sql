-- Renews every subscription due on or before a day, period by period; ends those that cancel with their period.
--
-- Every period is a transaction of its own. Runs at once share the work: each skips what another one holds, and pays
-- no period twice. One failure stops no other.
--
-- Parameters
--   p_on       the day, UTC
--   p_renewed  periods paid
--   p_failed   subscriptions that could not be renewed
-- Errors
--   30001 MISSING_ARGUMENT
--   30009 IN_TRANSACTION
--   30066 BAD_DATE
-- Example
--   CALL renew_due_subscriptions(UTC_DATE(), @renewed, @failed);
--   SELECT @renewed, @failed;
--   41  0

DELIMITER $$
CREATE PROCEDURE renew_due_subscriptions(IN p_on DATE, OUT p_renewed INT, OUT p_failed INT)
  COMMENT 'Renews every subscription due on or before a day'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_id      BIGINT UNSIGNED;
  DECLARE v_done    BOOLEAN DEFAULT FALSE;
  DECLARE v_outcome VARCHAR(10);
  DECLARE c_due CURSOR FOR
    SELECT subscription_id FROM subscriptions
     WHERE status IN ('active', 'past_due') AND next_billing_date <= p_on ORDER BY subscription_id;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

  CALL require_date('p_on', p_on);
  CALL refuse_in_transaction('renew_due_subscriptions');
  SET p_renewed = 0, p_failed = 0;

  OPEN c_due;
  FETCH c_due INTO v_id;
  WHILE NOT v_done DO
    REPEAT
      CALL renew_next_period(v_id, p_on, v_outcome);
      SET p_renewed = p_renewed + (v_outcome = 'RENEWED'),
          p_failed  = p_failed + (v_outcome = 'FAILED');
    UNTIL v_outcome <> 'RENEWED' END REPEAT;
    SET v_done = FALSE;  -- a "not found" inside the call is not the cursor's
    FETCH c_due INTO v_id;
  END WHILE;
  CLOSE c_due;
END$$
DELIMITER ;
