-- Who is deleted reviews nothing any more.

DELIMITER $$
CREATE TRIGGER reviews_before_insert BEFORE INSERT ON reviews FOR EACH ROW
BEGIN
  CALL refuse_deleted_user(NEW.student_id);
END$$
DELIMITER ;
