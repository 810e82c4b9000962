-- Gives the unsold seats of an ended sale back to its course, once. Waits for buyers that are still at it.
--
-- Parameters
--   p_sale_id  which sale
-- Example
--   CALL settle_flash_sale(3);

DELIMITER $$
CREATE PROCEDURE settle_flash_sale(IN p_sale_id BIGINT UNSIGNED)
  COMMENT 'Gives the unsold seats of an ended sale back, once'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_course_id BIGINT UNSIGNED;
  DECLARE v_left      BIGINT;

  SELECT course_id INTO v_course_id FROM flash_sale_terms
   WHERE sale_id = p_sale_id AND state = 'open' AND end_time < UTC_TIMESTAMP(6) FOR UPDATE;
  IF v_course_id IS NOT NULL THEN
    UPDATE flash_sale_terms SET state = 'settled' WHERE sale_id = p_sale_id;
    SELECT SUM(seats_left) INTO v_left FROM flash_sale_stock WHERE sale_id = p_sale_id FOR SHARE;
    CALL set_seats_aside(v_course_id, -v_left);
  END IF;
END$$
DELIMITER ;
