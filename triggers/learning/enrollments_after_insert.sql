-- A new enrollment counts for its course at the next fold, and takes a seat at once where seats are limited. A flash
-- sale has set its seats aside already. One that arrives completed has its certificate.

DELIMITER $$
CREATE TRIGGER enrollments_after_insert AFTER INSERT ON enrollments FOR EACH ROW
BEGIN
  INSERT INTO course_deltas (course_id, enrolled, total) VALUES (NEW.course_id, NEW.in_force IS NOT NULL, 1);
  IF NEW.in_force = 1 AND NEW.flash_sale_id IS NULL THEN
    UPDATE course_seats SET seats_taken = seats_taken + 1 WHERE course_id = NEW.course_id;
  END IF;
  IF NEW.status = 'completed' THEN
    CALL follow_with_certificate(NEW.enrollment_id, NEW.status);
  END IF;
END$$
DELIMITER ;
