-- A seat that is no longer held is free at once; the enrollment that it turns into takes it in the same transaction.

DELIMITER $$
CREATE TRIGGER seat_holds_after_delete AFTER DELETE ON seat_holds FOR EACH ROW
BEGIN
  UPDATE course_seats SET seats_taken = seats_taken - 1 WHERE course_id = OLD.course_id;
END$$
DELIMITER ;
