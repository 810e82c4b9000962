-- Whether a pending purchase or order holds a seat of a course for a student.
--
-- Looks without a lock, then confirms what it found with one: an old snapshot can show a hold that is over. One that an
-- old snapshot cannot show yet is refused by the key when the second one is inserted.
--
-- Parameters
--   p_student_id  who
--   p_course_id   what
-- Example
--   SELECT holds_seat(7, 1);
--   0

DELIMITER $$
CREATE FUNCTION holds_seat(p_student_id BIGINT UNSIGNED, p_course_id BIGINT UNSIGNED) RETURNS BOOLEAN
  COMMENT 'Whether a pending purchase or order holds a seat for a student'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_held INT;

  SELECT COUNT(*) INTO v_held FROM seat_holds WHERE student_id = p_student_id AND course_id = p_course_id;
  IF v_held > 0 THEN
    SELECT COUNT(*) INTO v_held FROM seat_holds WHERE student_id = p_student_id AND course_id = p_course_id FOR SHARE;
  END IF;
  RETURN v_held > 0;
END$$
DELIMITER ;
