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
settlement: BEGIN
  DECLARE v_course_id BIGINT UNSIGNED;
  DECLARE v_end_time  DATETIME(6);
  DECLARE v_left      BIGINT;

  SELECT course_id, end_time INTO v_course_id, v_end_time FROM flash_sales WHERE sale_id = p_sale_id FOR UPDATE;
  IF v_end_time >= UTC_TIMESTAMP(6) THEN
    LEAVE settlement;
  END IF;
  DELETE FROM flash_sale_holds WHERE sale_id = p_sale_id;
  IF ROW_COUNT() = 1 THEN
    SELECT SUM(seats_left) INTO v_left FROM flash_sale_stock WHERE sale_id = p_sale_id FOR SHARE;
    CALL set_seats_aside(v_course_id, -v_left);
  END IF;
END$$
DELIMITER ;
