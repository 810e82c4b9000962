-- Adds seats to a sale or takes unsold ones back, also while it runs.
--
-- Parameters
--   p_sale_id    which sale
--   p_course_id  what it sells
--   p_more       how many more; below 0: fewer
-- Errors
--   30019 SEATS_NOT_FREE
--   30020 SEATS_ALREADY_SOLD
-- Example
--   CALL resize_flash_sale(3, 1, -10);

DELIMITER $$
CREATE PROCEDURE resize_flash_sale(IN p_sale_id BIGINT UNSIGNED, IN p_course_id BIGINT UNSIGNED, IN p_more BIGINT)
  COMMENT 'Adds seats to a sale or takes unsold ones back'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_state VARCHAR(10);

  SELECT state INTO v_state FROM flash_sale_terms WHERE sale_id = p_sale_id FOR UPDATE;
  IF p_more > 0 THEN
    CALL add_sale_stock(p_sale_id, p_more);
  ELSE
    CALL take_sale_stock(p_sale_id, -p_more);
  END IF;
  IF v_state = 'open' THEN
    CALL set_seats_aside(p_course_id, p_more);
  END IF;
END$$
DELIMITER ;
