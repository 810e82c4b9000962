-- Takes the mutex that storing a link takes, and takes it first: to replace links deadlocks with nobody then.

DELIMITER $$
CREATE TRIGGER course_prerequisites_before_delete BEFORE DELETE ON course_prerequisites FOR EACH ROW
BEGIN
  DECLARE v_mutex VARCHAR(64);

  SELECT name INTO v_mutex FROM mutexes WHERE name = 'course_prerequisites' FOR UPDATE;
END$$
DELIMITER ;
