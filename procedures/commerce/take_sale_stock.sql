-- Takes unsold seats out of a sale, however they lie over its slots.
--
-- Parameters
--   p_sale_id  which sale
--   p_seats    how many to take
-- Errors
--   30020 SEATS_ALREADY_SOLD
-- Example
--   CALL take_sale_stock(3, 10);

DELIMITER $$
CREATE PROCEDURE take_sale_stock(IN p_sale_id BIGINT UNSIGNED, IN p_seats INT UNSIGNED)
  COMMENT 'Takes unsold seats out of a sale'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_left BIGINT UNSIGNED;

  SELECT SUM(seats_left) INTO v_left FROM flash_sale_stock WHERE sale_id = p_sale_id FOR UPDATE;
  IF v_left < p_seats THEN
    CALL raise_error('SEATS_ALREADY_SOLD', p_sale_id);
  END IF;

  UPDATE flash_sale_stock stock
    JOIN (SELECT slot, COALESCE(SUM(seats_left) OVER (ORDER BY slot ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before_it
            FROM flash_sale_stock WHERE sale_id = p_sale_id) running ON running.slot = stock.slot
     SET stock.seats_left = stock.seats_left
                            - LEAST(stock.seats_left, GREATEST(CAST(p_seats AS SIGNED) - running.before_it, 0))
   WHERE stock.sale_id = p_sale_id;
END$$
DELIMITER ;
