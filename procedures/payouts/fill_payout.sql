-- Puts every open item of an instructor up to a day into one new batch. Runs inside its caller's transaction.
--
-- The batch is inserted first: of two runs at once the second waits there, and finds that it is made.
--
-- Parameters
--   p_instructor_id  who is paid
--   p_currency       in what
--   p_period_end     last day, UTC
--   p_made           FALSE: that batch stands already, or nothing is open; the caller rolls back
-- Example
--   CALL fill_payout(3, 'USD', '2026-10-31', @made);

DELIMITER $$
CREATE PROCEDURE fill_payout(
  IN  p_instructor_id BIGINT UNSIGNED,
  IN  p_currency      CHAR(3) CHARACTER SET ascii COLLATE ascii_bin,
  IN  p_period_end    DATE,
  OUT p_made          BOOLEAN
)
  COMMENT 'Puts every open item of an instructor into one new batch'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_payout_id BIGINT UNSIGNED;
  DECLARE v_amount    DECIMAL(12,2);
  DECLARE v_items     INT;
  DECLARE EXIT HANDLER FOR 1062 SET p_made = FALSE;

  INSERT INTO payouts (instructor_id, period_end, currency, amount)
  VALUES (p_instructor_id, p_period_end, p_currency, 0);
  SET v_payout_id = LAST_INSERT_ID();
  UPDATE payout_items SET payout_id = v_payout_id
   WHERE instructor_id = p_instructor_id AND payout_id IS NULL AND occurred_at < p_period_end + INTERVAL 1 DAY
     AND currency = p_currency;
  SELECT SUM(amount), COUNT(*) INTO v_amount, v_items FROM payout_items WHERE payout_id = v_payout_id;
  UPDATE payouts SET amount = COALESCE(v_amount, 0), items = v_items WHERE payout_id = v_payout_id;
  SET p_made = v_items > 0;
END$$
DELIMITER ;
