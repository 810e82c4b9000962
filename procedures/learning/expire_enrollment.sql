-- One step of expire_access: one enrollment, in a transaction of its own. What changed meanwhile is looked at again.
--
-- Parameters
--   p_enrollment_id  which enrollment
--   p_ended          whether it ended; FALSE: access goes on, it was refunded or completed, or somebody is busy with it
-- Example
--   CALL expire_enrollment(12, @ended);

DELIMITER $$
CREATE PROCEDURE expire_enrollment(IN p_enrollment_id BIGINT UNSIGNED, OUT p_ended BOOLEAN)
  COMMENT 'One step of expire_access'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_student_id BIGINT UNSIGNED;
  DECLARE v_locked     BIGINT UNSIGNED;
  DECLARE v_errno      INT;
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
  SELECT student_id INTO v_student_id FROM enrollments WHERE enrollment_id = p_enrollment_id;
  SELECT user_id INTO v_locked FROM users WHERE user_id = v_student_id FOR UPDATE SKIP LOCKED;
  UPDATE enrollments enrollment
    JOIN course_access access
      ON access.student_id = enrollment.student_id AND access.course_id = enrollment.course_id
     SET enrollment.status = 'expired'
   WHERE enrollment.enrollment_id = p_enrollment_id
     AND enrollment.student_id = v_locked
     AND enrollment.status = 'active'
     AND access.access_expires_at <= UTC_TIMESTAMP(6);
  SET p_ended = ROW_COUNT() > 0;
  COMMIT;
END$$
DELIMITER ;
