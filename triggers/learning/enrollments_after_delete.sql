-- A deleted enrollment no longer counts after the next fold; its seat is free at once.

DELIMITER $$
CREATE TRIGGER enrollments_after_delete AFTER DELETE ON enrollments FOR EACH ROW
BEGIN
  INSERT INTO course_deltas (course_id, enrolled, total) VALUES (OLD.course_id, -(OLD.in_force IS NOT NULL), -1);
  IF OLD.in_force = 1 THEN
    UPDATE course_seats SET seats_taken = seats_taken - 1 WHERE course_id = OLD.course_id;
  END IF;
END$$
DELIMITER ;
