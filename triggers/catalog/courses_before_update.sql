-- Stamps who changed a course, and when. The counters are folded, not changed: they stamp nothing.

DELIMITER $$
CREATE TRIGGER courses_before_update BEFORE UPDATE ON courses FOR EACH ROW
BEGIN
  IF NEW.enrolled_students <=> OLD.enrolled_students
     AND NEW.total_enrollments <=> OLD.total_enrollments
     AND NEW.rating_sum <=> OLD.rating_sum
     AND NEW.review_count <=> OLD.review_count
     AND NEW.last_enrollment_date <=> OLD.last_enrollment_date THEN
    SET NEW.updated_at = UTC_TIMESTAMP(6), NEW.updated_by = USER();
  END IF;
END$$
DELIMITER ;
