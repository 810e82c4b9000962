-- Decides whether a student may enter a course, under the locks that keep the answer true until the commit.
--
-- The course is locked FOR SHARE, so that buyers of an unlimited one do not queue; a seat limit is decided on the
-- course's own row of course_seats. Runs inside its caller's transaction, the user's row being locked.
--
-- Parameters
--   p_student_id  who
--   p_course_id   what
--   p_word        one of the outcomes
--   p_price       the course's price, USD
-- Outcomes
--   COURSE_NOT_AVAILABLE   unknown, draft or archived
--   ALREADY_ENROLLED       an enrollment is in force
--   MISSING_PREREQUISITES  something required is not completed
--   COURSE_FULL            no seat is free
--   CAN_ENROLL             nothing stands against it
-- Example
--   CALL admit_student(7, 1, @word, @price);
--   SELECT @word, @price;
--   CAN_ENROLL  49.99

DELIMITER $$
CREATE PROCEDURE admit_student(
  IN  p_student_id BIGINT UNSIGNED,
  IN  p_course_id  BIGINT UNSIGNED,
  OUT p_word       VARCHAR(50),
  OUT p_price      DECIMAL(10,2)
)
  COMMENT 'Decides whether a student may enter a course, under lock'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
admission: BEGIN
  DECLARE v_status       VARCHAR(20);
  DECLARE v_max_students INT UNSIGNED;
  DECLARE v_seats_taken  INT;

  SELECT status, price, max_students INTO v_status, p_price, v_max_students
    FROM courses WHERE course_id = p_course_id FOR SHARE;
  IF COALESCE(v_status, '') <> 'active' THEN
    SET p_word = 'COURSE_NOT_AVAILABLE';
    LEAVE admission;
  END IF;
  IF has_enrollment(p_student_id, p_course_id) THEN
    SET p_word = 'ALREADY_ENROLLED';
    LEAVE admission;
  END IF;
  IF is_missing_prerequisites(p_student_id, p_course_id) THEN
    SET p_word = IF(has_enrollment_now(p_student_id, p_course_id), 'ALREADY_ENROLLED', 'MISSING_PREREQUISITES');
    LEAVE admission;
  END IF;
  IF v_max_students IS NOT NULL THEN
    CALL settle_ended_sales(p_course_id);
    SELECT seats_taken INTO v_seats_taken FROM course_seats WHERE course_id = p_course_id FOR UPDATE;
    IF v_seats_taken >= v_max_students THEN
      SET p_word = IF(has_enrollment_now(p_student_id, p_course_id), 'ALREADY_ENROLLED', 'COURSE_FULL');
      LEAVE admission;
    END IF;
  END IF;
  SET p_word = 'CAN_ENROLL';
END$$
DELIMITER ;
