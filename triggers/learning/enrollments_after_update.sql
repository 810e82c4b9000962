-- An enrollment that begins or ends, or moves to another course or day, counts anew at the next fold; its seat is taken
-- or free at once, and its certificate is issued or revoked. A charge that stands for a refunded one is noted.

DELIMITER $$
CREATE TRIGGER enrollments_after_update AFTER UPDATE ON enrollments FOR EACH ROW
BEGIN
  IF NOT NEW.in_force <=> OLD.in_force OR NEW.course_id <> OLD.course_id
     OR NEW.enrolled_at <> OLD.enrolled_at THEN
    INSERT INTO course_deltas (course_id, enrolled, total) VALUES
      (OLD.course_id, -(OLD.in_force IS NOT NULL), -1),
      (NEW.course_id, NEW.in_force IS NOT NULL, 1);
    IF OLD.in_force = 1 THEN
      UPDATE course_seats SET seats_taken = seats_taken - 1 WHERE course_id = OLD.course_id;
    END IF;
    IF NEW.in_force = 1 THEN
      UPDATE course_seats SET seats_taken = seats_taken + 1 WHERE course_id = NEW.course_id;
    END IF;
  END IF;
  IF NEW.status <> OLD.status AND 'completed' IN (NEW.status, OLD.status) THEN
    CALL follow_with_certificate(NEW.enrollment_id, NEW.status);
  END IF;
  IF NEW.status = 'refunded' AND OLD.status <> 'refunded' THEN
    CALL note_charges(NEW.enrollment_id);
  END IF;
END$$
DELIMITER ;
