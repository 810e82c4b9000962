-- A course that nobody was ever enrolled in can go, and its row of course_seats and its old prices with it. Refused here
-- too, because any session may switch foreign keys off.

DELIMITER $$
CREATE TRIGGER courses_before_delete BEFORE DELETE ON courses FOR EACH ROW
BEGIN
  DECLARE v_students INT;

  SELECT COUNT(*) INTO v_students FROM enrollments WHERE course_id = OLD.course_id FOR SHARE;
  IF v_students > 0 THEN
    CALL raise_error('COURSE_HAS_STUDENTS', OLD.course_id);
  END IF;
  DELETE FROM course_seats WHERE course_id = OLD.course_id;
  DELETE FROM price_history WHERE course_id = OLD.course_id;
END$$
DELIMITER ;
