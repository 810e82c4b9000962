-- Decides whether somebody may begin to buy a course, under the locks that keep the answer true until the commit. As
-- admit_student, but a seat that a pending purchase or order of the same buyer holds counts as enrolled: nothing is
-- charged twice.
--
-- Parameters
--   p_user_id    who
--   p_course_id  what
--   p_word       one of the outcomes
--   p_price      the course's price, USD
-- Outcomes
--   COURSE_NOT_AVAILABLE   unknown, draft or archived
--   ALREADY_ENROLLED       an enrollment is in force, or a purchase or order of the course is pending
--   MISSING_PREREQUISITES  something required is not completed
--   COURSE_FULL            no seat is free
--   CAN_ENROLL             nothing stands against it
-- Example
--   CALL admit_buyer(7, 1, @word, @price);
--   SELECT @word, @price;
--   CAN_ENROLL  49.99

DELIMITER $$
CREATE PROCEDURE admit_buyer(
  IN  p_user_id   BIGINT UNSIGNED,
  IN  p_course_id BIGINT UNSIGNED,
  OUT p_word      VARCHAR(50),
  OUT p_price     DECIMAL(10,2)
)
  COMMENT 'Decides whether somebody may begin to buy a course, under lock'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  CALL admit_student(p_user_id, p_course_id, p_word, p_price);
  IF p_word <> 'COURSE_NOT_AVAILABLE' AND holds_seat(p_user_id, p_course_id) THEN
    SET p_word = 'ALREADY_ENROLLED';
  END IF;
END$$
DELIMITER ;
