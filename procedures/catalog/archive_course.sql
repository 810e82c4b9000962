-- Takes a course off the market and keeps a copy of all of it. Students keep what they bought.
--
-- Parameters
--   p_course_id  which course
--   p_reason     why; may be NULL; at most 16000 characters
-- Errors
--   30001 MISSING_ARGUMENT
--   30004 NO_SUCH_COURSE
--   30010 ALREADY_ARCHIVED
--   30063 TOO_LONG
--   30065 OUT_OF_RANGE
-- Example
--   CALL archive_course(1, 'replaced by the second edition');
--   SELECT course_data->>'$.title', JSON_LENGTH(course_data, '$.lessons') FROM archived_courses WHERE course_id = 1;
--   SQL for Analysts  8

DELIMITER $$
CREATE PROCEDURE archive_course(IN p_course_id BIGINT, IN p_reason LONGTEXT)
  COMMENT 'Takes a course off the market and keeps a copy of it'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined BOOLEAN;
  DECLARE v_status VARCHAR(20);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT archive_course; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_course_id', p_course_id);
  CALL refuse_long('p_reason', p_reason, 16000);

  CALL begin_or_join(v_joined);
  SAVEPOINT archive_course;
  SELECT status INTO v_status FROM courses WHERE course_id = p_course_id FOR UPDATE;
  IF v_status IS NULL THEN
    CALL raise_error('NO_SUCH_COURSE', p_course_id);
  END IF;
  IF v_status = 'archived' THEN
    CALL raise_error('ALREADY_ARCHIVED', p_course_id);
  END IF;

  INSERT INTO archived_courses (course_id, course_data, reason)
  VALUES (p_course_id, course_document(p_course_id), p_reason);
  UPDATE courses SET status = 'archived' WHERE course_id = p_course_id;

  IF v_joined THEN RELEASE SAVEPOINT archive_course; ELSE COMMIT; END IF;
END$$
DELIMITER ;
