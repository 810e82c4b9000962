-- A course that becomes limited gets its row of course_seats, counted while the course is locked; one that becomes
-- unlimited loses it.

DELIMITER $$
CREATE TRIGGER courses_after_update AFTER UPDATE ON courses FOR EACH ROW
BEGIN
  IF OLD.max_students IS NOT NULL AND NEW.max_students IS NULL THEN
    DELETE FROM course_seats WHERE course_id = NEW.course_id;
  END IF;
  IF OLD.max_students IS NULL AND NEW.max_students IS NOT NULL THEN
    INSERT INTO course_seats (course_id, seats_taken) VALUES (NEW.course_id, count_seats_taken(NEW.course_id));
  END IF;
END$$
DELIMITER ;
