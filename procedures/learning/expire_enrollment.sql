-- One step of expire_access: one student's enrollment in one course, in a transaction of its own. What changed meanwhile is
-- looked at again; an end that was seen is not looked at by the next run.
--
-- Parameters
--   p_student_id  whose
--   p_course_id   in what
--   p_ended       whether it ended; FALSE: access goes on, none was active, or somebody is busy with it
-- Example
--   CALL expire_enrollment(7, 1, @ended);

DELIMITER $$
CREATE PROCEDURE expire_enrollment(IN p_student_id BIGINT UNSIGNED, IN p_course_id BIGINT UNSIGNED, OUT p_ended BOOLEAN)
  COMMENT 'One step of expire_access'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_locked BIGINT UNSIGNED;
  DECLARE v_errno  INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    GET STACKED DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
    ROLLBACK;
    SET p_ended = FALSE;
    IF v_errno NOT IN (1205, 1213) THEN  -- those are left to the next run
      RESIGNAL;
    END IF;
  END;

  CALL begin_owned();
  SELECT user_id INTO v_locked FROM users WHERE user_id = p_student_id FOR UPDATE SKIP LOCKED;
  UPDATE enrollments enrollment
    JOIN course_access access
      ON access.student_id = enrollment.student_id AND access.course_id = enrollment.course_id
     SET enrollment.status = 'expired'
   WHERE enrollment.student_id = v_locked
     AND enrollment.course_id = p_course_id
     AND enrollment.in_force = 1
     AND enrollment.status = 'active'
     AND access.access_expires_at <= UTC_TIMESTAMP(6);
  SET p_ended = ROW_COUNT() > 0;
  UPDATE course_access SET has_ended = TRUE
   WHERE student_id = v_locked AND course_id = p_course_id AND access_expires_at <= UTC_TIMESTAMP(6);
  COMMIT;
END$$
DELIMITER ;
