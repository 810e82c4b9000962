-- Takes one seat of a sale, from a random slot, so that buyers do not queue for one row.
--
-- Slots that another buyer holds are skipped. Only when no other is left does the call wait for one of them: a seat
-- that is free and held by nobody is always found. A sold-out sale is seen without waiting for any lock.
--
-- Parameters
--   p_sale_id  which sale
--   p_slots    over how many slots its stock is spread
--   p_fresh    TRUE: the transaction is at READ COMMITTED and ours. In a caller's, at REPEATABLE READ, rows that were
--              looked at stay locked and a plain read may be old: slots are then tried in order, to deadlock with nobody
--   p_claimed  whether a seat was taken
-- Example
--   CALL claim_sale_seat(3, 128, TRUE, @claimed);

DELIMITER $$
CREATE PROCEDURE claim_sale_seat(
  IN  p_sale_id BIGINT UNSIGNED,
  IN  p_slots   SMALLINT UNSIGNED,
  IN  p_fresh   BOOLEAN,
  OUT p_claimed BOOLEAN
)
  COMMENT 'Takes one seat of a sale, from a random slot'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_start SMALLINT UNSIGNED DEFAULT FLOOR(RAND() * p_slots);
  DECLARE v_slot  SMALLINT UNSIGNED;
  DECLARE v_left  BOOLEAN DEFAULT TRUE;

  IF p_fresh THEN
    SELECT slot INTO v_slot FROM flash_sale_stock FORCE INDEX (PRIMARY)
     WHERE sale_id = p_sale_id AND slot >= v_start AND seats_left > 0 LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF v_slot IS NULL THEN
      -- SELECT INTO, because a subquery in IF locks what it reads
      SELECT COUNT(*) > 0 INTO v_left FROM flash_sale_stock WHERE sale_id = p_sale_id AND seats_left > 0;
    END IF;
    IF v_slot IS NULL AND v_left THEN
      SELECT slot INTO v_slot FROM flash_sale_stock FORCE INDEX (PRIMARY)
       WHERE sale_id = p_sale_id AND slot < v_start AND seats_left > 0 LIMIT 1 FOR UPDATE SKIP LOCKED;
    END IF;
  END IF;
  IF v_slot IS NULL AND v_left THEN
    -- always from the first slot on: one that was waited for stays locked though its last seat is gone
    SELECT slot INTO v_slot FROM flash_sale_stock
     WHERE sale_id = p_sale_id AND seats_left > 0
     ORDER BY slot LIMIT 1 FOR UPDATE;
  END IF;

  SET p_claimed = v_slot IS NOT NULL;
  IF p_claimed THEN
    UPDATE flash_sale_stock SET seats_left = seats_left - 1 WHERE sale_id = p_sale_id AND slot = v_slot;
  END IF;
END$$
DELIMITER ;
