-- Stores an enrollment and the access that comes with it. Decides nothing. The next charge that this session books for it
-- is its first: @_learnhub_enrolled tells the triggers on payments.
--
-- Parameters
--   p_student_id     who
--   p_course_id      what
--   p_flash_sale_id  the sale it was bought in; NULL: none
--   p_enrollment_id  the enrollment; NULL: the student has one in force already
-- Errors
--   30011 NO_SUCH_POLICY
-- Example
--   CALL add_enrollment(7, 1, NULL, @enrollment_id);

DELIMITER $$
CREATE PROCEDURE add_enrollment(
  IN  p_student_id    BIGINT UNSIGNED,
  IN  p_course_id     BIGINT UNSIGNED,
  IN  p_flash_sale_id BIGINT UNSIGNED,
  OUT p_enrollment_id BIGINT UNSIGNED
)
  COMMENT 'Stores an enrollment and the access that comes with it'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_access_ends DATETIME(6);
  DECLARE EXIT HANDLER FOR 1062 SET p_enrollment_id = NULL;

  SELECT UTC_TIMESTAMP(6) + INTERVAL value MONTH INTO v_access_ends
    FROM policies WHERE name = 'access_months' FOR SHARE;
  IF v_access_ends IS NULL THEN
    CALL raise_error('NO_SUCH_POLICY', 'access_months');
  END IF;
  INSERT INTO enrollments (student_id, course_id, flash_sale_id)
  VALUES (p_student_id, p_course_id, p_flash_sale_id);
  SET p_enrollment_id = LAST_INSERT_ID(), @_learnhub_enrolled = p_enrollment_id;
  INSERT INTO course_access (student_id, course_id, access_expires_at)
  VALUES (p_student_id, p_course_id, v_access_ends) AS fresh
      ON DUPLICATE KEY UPDATE access_expires_at = fresh.access_expires_at;
END$$
DELIMITER ;
