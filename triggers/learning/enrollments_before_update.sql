-- An enrollment takes only legal steps: active to completed, refunded or expired; completed or expired to refunded. One
-- that has ended begins no more: a new enrollment does.

DELIMITER $$
CREATE TRIGGER enrollments_before_update BEFORE UPDATE ON enrollments FOR EACH ROW
BEGIN
  IF NEW.status <> OLD.status
     AND (OLD.status, NEW.status) NOT IN (('active', 'completed'), ('active', 'refunded'), ('active', 'expired'),
                                          ('completed', 'refunded'), ('expired', 'refunded')) THEN
    CALL raise_error('ILLEGAL_ENROLLMENT_STATUS', CONCAT(OLD.enrollment_id, ': ', OLD.status, ' to ', NEW.status));
  END IF;
END$$
DELIMITER ;
