-- A course that nothing refers to can go, and its row of course_seats with it.

DELIMITER $$
CREATE TRIGGER courses_before_delete BEFORE DELETE ON courses FOR EACH ROW
BEGIN
  DELETE FROM course_seats WHERE course_id = OLD.course_id;
END$$
DELIMITER ;
