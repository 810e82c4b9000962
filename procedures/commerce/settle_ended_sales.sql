-- Settles the ended sales of a course, so that its free seats are all for sale.
--
-- Parameters
--   p_course_id  what
-- Example
--   CALL settle_ended_sales(1);

DELIMITER $$
CREATE PROCEDURE settle_ended_sales(IN p_course_id BIGINT UNSIGNED)
  COMMENT 'Settles the ended sales of a course'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_sale_id BIGINT UNSIGNED;
  DECLARE v_done    BOOLEAN DEFAULT FALSE;
  DECLARE c_ended CURSOR FOR
    SELECT sale_id FROM flash_sale_terms
     WHERE course_id = p_course_id AND state = 'open' AND end_time < UTC_TIMESTAMP(6) FOR UPDATE;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

  OPEN c_ended;
  FETCH c_ended INTO v_sale_id;
  WHILE NOT v_done DO
    CALL settle_flash_sale(v_sale_id);
    SET v_done = FALSE;  -- a "not found" inside the call is not the cursor's
    FETCH c_ended INTO v_sale_id;
  END WHILE;
  CLOSE c_ended;
END$$
DELIMITER ;
