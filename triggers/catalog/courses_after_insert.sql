-- A course with a seat limit gets the row that its seats are decided on.

DELIMITER $$
CREATE TRIGGER courses_after_insert AFTER INSERT ON courses FOR EACH ROW
BEGIN
  IF NEW.max_students IS NOT NULL THEN
    INSERT INTO course_seats (course_id, seats, seats_granted)
    VALUES (NEW.course_id, NEW.max_students, NEW.max_students);
  END IF;
END$$
DELIMITER ;
