-- Ends the active enrollments whose access has ended: they become expired, and the course can be bought again.
--
-- One enrollment per transaction. Runs at once share the work; who is busy buying is left to the next run. Completed
-- enrollments stay completed.
--
-- Parameters
--   p_expired  how many enrollments ended
-- Errors
--   30009 IN_TRANSACTION
-- Example
--   CALL expire_access(@expired);
--   SELECT @expired;
--   3

DELIMITER $$
CREATE PROCEDURE expire_access(OUT p_expired INT)
  COMMENT 'Ends the enrollments whose access has ended'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_enrollment_id BIGINT UNSIGNED;
  DECLARE v_done          BOOLEAN DEFAULT FALSE;
  DECLARE v_ended         BOOLEAN;
  DECLARE c_ended CURSOR FOR
    SELECT enrollment.enrollment_id
      FROM course_access access
      JOIN enrollments enrollment
        ON enrollment.student_id = access.student_id AND enrollment.course_id = access.course_id AND enrollment.in_force = 1
     WHERE access.access_expires_at <= UTC_TIMESTAMP(6) AND enrollment.status = 'active'
     ORDER BY enrollment.enrollment_id;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

  CALL refuse_in_transaction('expire_access');
  SET p_expired = 0;

  OPEN c_ended;
  FETCH c_ended INTO v_enrollment_id;
  WHILE NOT v_done DO
    CALL expire_enrollment(v_enrollment_id, v_ended);
    SET p_expired = p_expired + v_ended;
    SET v_done = FALSE;  -- a "not found" inside the call is not the cursor's
    FETCH c_ended INTO v_enrollment_id;
  END WHILE;
  CLOSE c_ended;
END$$
DELIMITER ;
