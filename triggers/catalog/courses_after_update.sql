-- The row of course_seats follows the course's limit; a new price is written down.

DELIMITER $$
CREATE TRIGGER courses_after_update AFTER UPDATE ON courses FOR EACH ROW
BEGIN
  IF NOT NEW.max_students <=> OLD.max_students THEN
    CALL change_seat_limit(NEW.course_id, OLD.max_students, NEW.max_students);
  END IF;
  IF NEW.price <> OLD.price THEN
    INSERT INTO price_history (course_id, price_before, price_after) VALUES (NEW.course_id, OLD.price, NEW.price);
  END IF;
END$$
DELIMITER ;
