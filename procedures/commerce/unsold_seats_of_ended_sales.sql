-- How many seats ended sales of a course still set aside, because nothing has settled them yet.
--
-- Parameters
--   p_course_id  what
-- Example
--   SELECT unsold_seats_of_ended_sales(1);
--   0

DELIMITER $$
CREATE FUNCTION unsold_seats_of_ended_sales(p_course_id BIGINT UNSIGNED) RETURNS BIGINT
  COMMENT 'Seats that ended sales of a course still set aside'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  RETURN COALESCE((
    SELECT SUM(stock.seats_left)
      FROM flash_sale_terms terms
      JOIN flash_sale_stock stock ON stock.sale_id = terms.sale_id
     WHERE terms.course_id = p_course_id AND terms.state = 'open' AND terms.end_time < UTC_TIMESTAMP(6)
  ), 0);
END$$
DELIMITER ;
