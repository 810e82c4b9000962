-- Stores a batch of what a student has done, and what follows from it: lessons, percentage, completion.
--
-- A few statements for the whole batch, not some per entry. Time adds up; completed never goes back. A lesson with
-- sections is complete when all of them are; a section's time counts for its lesson too.
--
-- Parameters
--   p_student_id  who
--   p_updates     [{"section_id": 7, "time_spent_minutes": 4, "completed": true}, {"lesson_id": 3, ...}, ...]
-- Errors
--   30001 MISSING_ARGUMENT
--   30002 NO_SUCH_USER
--   30003 USER_DELETED
--   30016 BAD_PROGRESS   malformed, too long, an id twice or unknown, or completed for a lesson that has sections
--   30017 NOT_ENROLLED
--   30065 OUT_OF_RANGE
-- Example
--   CALL record_progress(7, '[{"section_id": 7, "time_spent_minutes": 4, "completed": true}]');
--   SELECT progress_percentage FROM enrollments WHERE student_id = 7;
--   12.50

DELIMITER $$
CREATE PROCEDURE record_progress(IN p_student_id BIGINT, IN p_updates LONGTEXT)
  COMMENT 'Stores a batch of what a student has done'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_deleted_at DATETIME(6);
  DECLARE v_updates    JSON;
  DECLARE v_lessons    JSON;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT record_progress; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_student_id', p_student_id);
  CALL refuse_bad_progress(p_updates);
  SET v_updates = p_updates;

  CALL begin_or_join(v_joined);
  SAVEPOINT record_progress;
  CALL lock_user(p_student_id, v_deleted_at);
  IF v_deleted_at IS NOT NULL THEN
    CALL raise_error('USER_DELETED', p_student_id);
  END IF;
  CALL refuse_foreign_progress(p_student_id, v_updates, v_lessons);

  INSERT INTO section_progress (student_id, section_id, completed, completed_at, time_spent_minutes)
  SELECT * FROM (
    SELECT p_student_id AS student_id, section_id, completed, IF(completed, UTC_TIMESTAMP(6), NULL) AS completed_at, minutes
      FROM JSON_TABLE(v_updates, '$[*]' COLUMNS (
             section_id BIGINT UNSIGNED PATH '$.section_id',
             minutes    INT UNSIGNED    PATH '$.time_spent_minutes' DEFAULT '0' ON EMPTY,
             completed  BOOLEAN         PATH '$.completed'          DEFAULT 'false' ON EMPTY)) entry
     WHERE section_id IS NOT NULL
  ) fresh
      ON DUPLICATE KEY UPDATE
         time_spent_minutes = section_progress.time_spent_minutes + fresh.minutes,
         completed_at       = COALESCE(section_progress.completed_at, fresh.completed_at),
         completed          = section_progress.completed OR fresh.completed;

  INSERT INTO lesson_progress (student_id, lesson_id, completed, completed_at, time_spent_minutes)
  SELECT * FROM (
    SELECT p_student_id AS student_id, lesson_id, completed, IF(completed, UTC_TIMESTAMP(6), NULL) AS completed_at, minutes
      FROM (SELECT COALESCE(entry.lesson_id, section.lesson_id) AS lesson_id,
                   SUM(entry.minutes) AS minutes,
                   MAX(entry.lesson_id IS NOT NULL AND entry.completed) AS completed
              FROM JSON_TABLE(v_updates, '$[*]' COLUMNS (
                     lesson_id  BIGINT UNSIGNED PATH '$.lesson_id',
                     section_id BIGINT UNSIGNED PATH '$.section_id',
                     minutes    INT UNSIGNED    PATH '$.time_spent_minutes' DEFAULT '0' ON EMPTY,
                     completed  BOOLEAN         PATH '$.completed'          DEFAULT 'false' ON EMPTY)) entry
              LEFT JOIN lesson_sections section ON section.section_id = entry.section_id
             GROUP BY 1) touched
  ) fresh
      ON DUPLICATE KEY UPDATE
         time_spent_minutes = lesson_progress.time_spent_minutes + fresh.minutes,
         completed_at       = COALESCE(lesson_progress.completed_at, fresh.completed_at),
         completed          = lesson_progress.completed OR fresh.completed;

  CALL complete_lessons(p_student_id, v_lessons);
  CALL advance_enrollments(p_student_id, v_lessons);
  IF v_joined THEN RELEASE SAVEPOINT record_progress; ELSE COMMIT; END IF;
END$$
DELIMITER ;
