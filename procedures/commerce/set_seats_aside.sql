-- Takes seats of a course off the market for a flash sale, or gives them back. A course without a limit has no such row.
--
-- Parameters
--   p_course_id  what
--   p_seats      how many; below 0: given back
-- Errors
--   30019 SEATS_NOT_FREE
-- Example
--   CALL set_seats_aside(1, 50);

DELIMITER $$
CREATE PROCEDURE set_seats_aside(IN p_course_id BIGINT UNSIGNED, IN p_seats BIGINT)
  COMMENT 'Takes seats of a course off the market, or gives them back'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_free BIGINT;

  SELECT CAST(seats AS SIGNED) - seats_taken INTO v_free FROM course_seats WHERE course_id = p_course_id FOR UPDATE;
  IF p_seats > 0 AND p_seats > v_free THEN
    CALL raise_error('SEATS_NOT_FREE', p_course_id);
  END IF;
  UPDATE course_seats SET seats_taken = seats_taken + p_seats WHERE course_id = p_course_id;
END$$
DELIMITER ;
