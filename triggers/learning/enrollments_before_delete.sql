-- A deleted enrollment takes its certificate with it.

DELIMITER $$
CREATE TRIGGER enrollments_before_delete BEFORE DELETE ON enrollments FOR EACH ROW
BEGIN
  DELETE FROM certificates WHERE enrollment_id = OLD.enrollment_id;
END$$
DELIMITER ;
