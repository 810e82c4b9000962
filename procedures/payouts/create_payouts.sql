-- Pays every instructor the shares of what was sold up to a day and not paid yet, less what was clawed back: one batch
-- each.
--
-- Every batch is a transaction of its own. Called again for the same day it makes no second batch: what came late is in
-- the next period's. Runs at once share the work; each sale is in exactly one batch.
--
-- Parameters
--   p_period_end  last day, UTC
--   p_payouts     batches made
-- Errors
--   30001 MISSING_ARGUMENT
--   30009 IN_TRANSACTION
--   30066 BAD_DATE
-- Example
--   CALL create_payouts('2026-10-31', @payouts);
--   SELECT @payouts;
--   5

DELIMITER $$
CREATE PROCEDURE create_payouts(IN p_period_end DATE, OUT p_payouts INT)
  COMMENT 'Pays every instructor what was sold up to a day'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_instructor_id BIGINT UNSIGNED;
  DECLARE v_currency      CHAR(3) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_made          BOOLEAN;
  DECLARE v_busy          BOOLEAN;  -- a deadlock: the step has to be repeated
  DECLARE v_done          BOOLEAN DEFAULT FALSE;
  DECLARE c_open CURSOR FOR
    SELECT DISTINCT instructor_id, currency FROM payout_items
     WHERE payout_id IS NULL AND occurred_at < p_period_end + INTERVAL 1 DAY ORDER BY instructor_id, currency;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;
  DECLARE CONTINUE HANDLER FOR 1213 SET v_busy = TRUE;

  CALL require_date('p_period_end', p_period_end);
  CALL refuse_in_transaction('create_payouts');
  SET p_payouts = 0;

  OPEN c_open;
  FETCH c_open INTO v_instructor_id, v_currency;
  WHILE NOT v_done DO
    REPEAT
      SET v_busy = FALSE, v_made = FALSE;
      CALL pay_instructor(v_instructor_id, v_currency, p_period_end, v_made);
    UNTIL NOT v_busy END REPEAT;
    SET p_payouts = p_payouts + v_made;
    SET v_done = FALSE;  -- a "not found" inside the call is not the cursor's
    FETCH c_open INTO v_instructor_id, v_currency;
  END WHILE;
  CLOSE c_open;
END$$
DELIMITER ;
