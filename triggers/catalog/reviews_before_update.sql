-- A review moves to nobody who is deleted. Theirs stays editable: by whoever moderates, and by erasure.

DELIMITER $$
CREATE TRIGGER reviews_before_update BEFORE UPDATE ON reviews FOR EACH ROW
BEGIN
  IF NEW.student_id <> OLD.student_id THEN
    CALL refuse_deleted_user(NEW.student_id);
  END IF;
END$$
DELIMITER ;
