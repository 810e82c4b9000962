-- Spreads seats evenly over the slots of a sale; makes the slots the first time.
--
-- Parameters
--   p_sale_id  which sale
--   p_seats    how many to add
-- Example
--   CALL add_sale_stock(3, 1000000);

DELIMITER $$
CREATE PROCEDURE add_sale_stock(IN p_sale_id BIGINT UNSIGNED, IN p_seats INT UNSIGNED)
  COMMENT 'Spreads seats evenly over the slots of a sale'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_slots INT UNSIGNED;

  SELECT COUNT(*) INTO v_slots FROM flash_sale_stock WHERE sale_id = p_sale_id FOR UPDATE;
  IF v_slots = 0 THEN
    SET v_slots = LEAST(p_seats, GREATEST(policy_value('flash_sale_slots'), 1), 1000);
    UPDATE flash_sale_terms SET slots = v_slots WHERE sale_id = p_sale_id;
  END IF;

  INSERT INTO flash_sale_stock (sale_id, slot, seats_left)
  SELECT * FROM (
    WITH RECURSIVE slots (slot) AS (SELECT 0 UNION ALL SELECT slot + 1 FROM slots WHERE slot + 1 < v_slots)
    SELECT p_sale_id AS sale_id, slot, p_seats DIV v_slots + (slot < p_seats MOD v_slots) AS seats FROM slots
  ) fresh
      ON DUPLICATE KEY UPDATE seats_left = flash_sale_stock.seats_left + fresh.seats;
END$$
DELIMITER ;
