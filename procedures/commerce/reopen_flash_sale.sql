-- Follows a sale's new end: a settled sale that goes on sets aside anew what it has left.
--
-- Parameters
--   p_sale_id    which sale
--   p_course_id  what it sells
--   p_end_time   its new end, UTC
-- Errors
--   30019 SEATS_NOT_FREE
-- Example
--   CALL reopen_flash_sale(3, 1, '2026-12-01');

DELIMITER $$
CREATE PROCEDURE reopen_flash_sale(IN p_sale_id BIGINT UNSIGNED, IN p_course_id BIGINT UNSIGNED, IN p_end_time DATETIME(6))
  COMMENT 'Follows a sale''s new end'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_held BOOLEAN;
  DECLARE v_left BIGINT;

  SELECT COUNT(*) INTO v_held FROM flash_sale_holds WHERE sale_id = p_sale_id FOR UPDATE;
  IF v_held THEN
    UPDATE flash_sale_holds SET end_time = p_end_time WHERE sale_id = p_sale_id;
  ELSEIF p_end_time >= UTC_TIMESTAMP(6) THEN
    SELECT SUM(seats_left) INTO v_left FROM flash_sale_stock WHERE sale_id = p_sale_id FOR SHARE;
    CALL set_seats_aside(p_course_id, v_left);
    INSERT INTO flash_sale_holds (sale_id, course_id, end_time) VALUES (p_sale_id, p_course_id, p_end_time);
  END IF;
END$$
DELIMITER ;
