-- A held seat is a taken seat at once, where seats are limited.

DELIMITER $$
CREATE TRIGGER seat_holds_after_insert AFTER INSERT ON seat_holds FOR EACH ROW
BEGIN
  UPDATE course_seats SET seats_taken = seats_taken + 1 WHERE course_id = NEW.course_id;
END$$
DELIMITER ;
