-- Ends the active enrollments whose access has ended: they become expired, and the course can be bought again.
--
-- One student's access to one course per transaction. Runs at once share the work; who is busy buying is left to the next
-- run. Completed enrollments stay completed. An end that a run has seen is not read again.
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
  DECLARE v_student_id BIGINT UNSIGNED;
  DECLARE v_course_id  BIGINT UNSIGNED;
  DECLARE v_done       BOOLEAN DEFAULT FALSE;
  DECLARE v_ended      BOOLEAN;
  DECLARE c_ended CURSOR FOR
    SELECT student_id, course_id FROM course_access
     WHERE has_ended = FALSE AND access_expires_at <= UTC_TIMESTAMP(6)
     ORDER BY access_expires_at, student_id, course_id;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

  CALL refuse_in_transaction('expire_access');
  SET p_expired = 0;

  OPEN c_ended;
  FETCH c_ended INTO v_student_id, v_course_id;
  WHILE NOT v_done DO
    CALL expire_enrollment(v_student_id, v_course_id, v_ended);
    SET p_expired = p_expired + v_ended;
    SET v_done = FALSE;  -- a "not found" inside the call is not the cursor's
    FETCH c_ended INTO v_student_id, v_course_id;
  END WHILE;
  CLOSE c_ended;
END$$
DELIMITER ;
