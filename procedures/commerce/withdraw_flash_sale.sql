-- Takes the stock of a sale that sold nothing away, and gives its seats back.
--
-- Parameters
--   p_sale_id    which sale
--   p_course_id  what it sells
--   p_max_seats  how many seats it has
-- Errors
--   30024 SALE_HAS_BUYERS
-- Example
--   CALL withdraw_flash_sale(3, 1, 50);

DELIMITER $$
CREATE PROCEDURE withdraw_flash_sale(IN p_sale_id BIGINT UNSIGNED, IN p_course_id BIGINT UNSIGNED, IN p_max_seats INT UNSIGNED)
  COMMENT 'Takes the stock of a sale that sold nothing away'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_state VARCHAR(10);
  DECLARE v_left  BIGINT;

  SELECT state INTO v_state FROM flash_sale_terms WHERE sale_id = p_sale_id FOR UPDATE;
  SELECT SUM(seats_left) INTO v_left FROM flash_sale_stock WHERE sale_id = p_sale_id FOR UPDATE;
  IF v_left < p_max_seats THEN
    CALL raise_error('SALE_HAS_BUYERS', p_sale_id);
  END IF;
  DELETE FROM flash_sale_stock WHERE sale_id = p_sale_id;
  DELETE FROM flash_sale_terms WHERE sale_id = p_sale_id;
  IF v_state = 'open' THEN
    CALL set_seats_aside(p_course_id, -v_left);
  END IF;
END$$
DELIMITER ;
