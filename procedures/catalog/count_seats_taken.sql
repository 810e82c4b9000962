-- How many seats of a course are taken: enrollments in force, seats held by what is not paid yet, and what unsettled
-- flash sales have not sold yet.
--
-- Parameters
--   p_course_id  which course, locked by the caller
-- Example
--   SELECT count_seats_taken(1);
--   17

DELIMITER $$
CREATE FUNCTION count_seats_taken(p_course_id BIGINT UNSIGNED) RETURNS INT
  COMMENT 'How many seats of a course are taken, counted'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_in_force INT;
  DECLARE v_held     INT;
  DECLARE v_unsold   INT;

  SELECT COUNT(*) INTO v_in_force FROM enrollments WHERE course_id = p_course_id AND in_force = 1 FOR SHARE;
  SELECT COUNT(*) INTO v_held FROM seat_holds WHERE course_id = p_course_id FOR SHARE;
  SELECT COALESCE(SUM(stock.seats_left), 0) INTO v_unsold
    FROM flash_sale_terms terms JOIN flash_sale_stock stock ON stock.sale_id = terms.sale_id
   WHERE terms.course_id = p_course_id AND terms.state = 'open' FOR SHARE;
  RETURN v_in_force + v_held + v_unsold;
END$$
DELIMITER ;
