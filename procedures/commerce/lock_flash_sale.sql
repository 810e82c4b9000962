-- Locks a sale's terms and its course for reading, the course first, and tells whether the sale is on.
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
  DECLARE v_start_time    DATETIME(6);
  DECLARE v_end_time      DATETIME(6);

  SELECT course_id INTO p_course_id FROM flash_sale_terms WHERE sale_id = p_sale_id;
  IF p_course_id IS NULL THEN  -- an old snapshot does not show a new sale
    SELECT course_id INTO p_course_id FROM flash_sale_terms WHERE sale_id = p_sale_id FOR SHARE;
  END IF;
  SELECT status INTO v_course_status FROM courses WHERE course_id = p_course_id FOR SHARE;
  SELECT discount_price, start_time, end_time INTO p_price, v_start_time, v_end_time
    FROM flash_sale_terms WHERE sale_id = p_sale_id FOR SHARE;
  -- in a statement of its own: the clock of the one that waited for the lock stood still
  SET p_is_active = COALESCE(UTC_TIMESTAMP(6) BETWEEN v_start_time AND v_end_time AND v_course_status = 'active', FALSE);
END$$
DELIMITER ;
