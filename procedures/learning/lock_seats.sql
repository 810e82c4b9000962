-- Locks a course for reading and, where its seats are limited, the row that they are counted on.
--
-- Parameters
--   p_course_id  what; NULL: nothing
-- Example
--   CALL lock_seats(1);

DELIMITER $$
CREATE PROCEDURE lock_seats(IN p_course_id BIGINT UNSIGNED)
  COMMENT 'Locks a course for reading, and its seats'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_max_students INT UNSIGNED;
  DECLARE v_seats_taken  INT;

  SELECT max_students INTO v_max_students FROM courses WHERE course_id = p_course_id FOR SHARE;
  IF v_max_students IS NOT NULL THEN
    SELECT seats_taken INTO v_seats_taken FROM course_seats WHERE course_id = p_course_id FOR UPDATE;
  END IF;
END$$
DELIMITER ;
