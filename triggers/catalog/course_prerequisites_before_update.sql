-- No course becomes its own prerequisite, over however many links. Links are stored one transaction at a time: two at
-- once could close a cycle that neither sees.

DELIMITER $$
CREATE TRIGGER course_prerequisites_before_update BEFORE UPDATE ON course_prerequisites FOR EACH ROW
BEGIN
  CALL refuse_prerequisite_cycle(NEW.course_id, NEW.prerequisite_course_id, OLD.course_id, OLD.prerequisite_course_id);
END$$
DELIMITER ;
