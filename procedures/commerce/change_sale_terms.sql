-- Makes a sale's new price and times those that its buyers meet.
--
-- A settled sale that goes on sets aside anew what it has left.
--
-- Parameters
--   p_sale_id     which sale
--   p_price       USD
--   p_start_time  UTC
--   p_end_time    UTC
-- Errors
--   30019 SEATS_NOT_FREE
-- Example
--   CALL change_sale_terms(3, 19.00, '2026-11-20', '2026-12-01');

DELIMITER $$
CREATE PROCEDURE change_sale_terms(
  IN p_sale_id    BIGINT UNSIGNED,
  IN p_price      DECIMAL(10,2),
  IN p_start_time DATETIME(6),
  IN p_end_time   DATETIME(6)
)
  COMMENT 'Makes a sale''s new price and times those its buyers meet'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_state     VARCHAR(10);
  DECLARE v_course_id BIGINT UNSIGNED;
  DECLARE v_left      BIGINT;

  SELECT state, course_id INTO v_state, v_course_id FROM flash_sale_terms WHERE sale_id = p_sale_id FOR UPDATE;
  IF v_state <> 'open' AND p_end_time >= UTC_TIMESTAMP(6) THEN
    SELECT SUM(seats_left) INTO v_left FROM flash_sale_stock WHERE sale_id = p_sale_id FOR SHARE;
    CALL set_seats_aside(v_course_id, v_left);
    SET v_state = 'open';
  END IF;
  UPDATE flash_sale_terms
     SET discount_price = p_price, start_time = p_start_time, end_time = p_end_time, state = v_state
   WHERE sale_id = p_sale_id;
END$$
DELIMITER ;
