-- Locks a sale and its course for reading, the course first, and tells whether the sale is on.
--
-- Parameters
--   p_sale_id    which sale
--   p_course_id  what it sells
--   p_price      for how much, USD
--   p_is_active  FALSE: no such sale, outside its time, or its course is not active
-- Example
--   CALL lock_flash_sale(3, @course_id, @price, @is_active);

DELIMITER $$
CREATE PROCEDURE lock_flash_sale(
  IN  p_sale_id   BIGINT UNSIGNED,
  OUT p_course_id BIGINT UNSIGNED,
  OUT p_price     DECIMAL(10,2),
  OUT p_is_active BOOLEAN
)
  COMMENT 'Locks a sale and its course for reading'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_course_status VARCHAR(20);

  SELECT course_id INTO p_course_id FROM flash_sales WHERE sale_id = p_sale_id;
  IF p_course_id IS NULL THEN  -- an old snapshot does not show a new sale
    SELECT course_id INTO p_course_id FROM flash_sales WHERE sale_id = p_sale_id FOR SHARE;
  END IF;
  SELECT status INTO v_course_status FROM courses WHERE course_id = p_course_id FOR SHARE;
  SELECT discount_price, UTC_TIMESTAMP(6) BETWEEN start_time AND end_time INTO p_price, p_is_active
    FROM flash_sales WHERE sale_id = p_sale_id FOR SHARE;
  SET p_is_active = COALESCE(p_is_active AND v_course_status = 'active', FALSE);
END$$
DELIMITER ;
