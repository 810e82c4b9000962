-- Stores a try at a quiz, passed or not, and tells which.
--
-- Parameters
--   p_student_id  who tried; enrolled in the quiz's course
--   p_quiz_id     what
--   p_score       points reached, from 0
--   p_passed      whether they are enough
-- Errors
--   30001 MISSING_ARGUMENT
--   30002 NO_SUCH_USER
--   30003 USER_DELETED
--   30017 NOT_ENROLLED
--   30041 NO_SUCH_QUIZ
--   30042 BAD_SCORE
--   30065 OUT_OF_RANGE
-- Example
--   CALL submit_quiz_attempt(7, 2, 75, @passed);
--   SELECT @passed;
--   1

DELIMITER $$
CREATE PROCEDURE submit_quiz_attempt(
  IN  p_student_id BIGINT,
  IN  p_quiz_id    BIGINT,
  IN  p_score      DECIMAL(65,2),
  OUT p_passed     BOOLEAN
)
  COMMENT 'Stores a try at a quiz and tells whether it passed'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined        BOOLEAN;
  DECLARE v_deleted_at    DATETIME(6);
  DECLARE v_course_id     BIGINT UNSIGNED;
  DECLARE v_passing_score DECIMAL(6,2);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT submit_quiz_attempt; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_student_id', p_student_id);
  CALL require_id('p_quiz_id', p_quiz_id);
  CALL require_argument('p_score', p_score);
  IF p_score < 0 THEN
    CALL raise_error('BAD_SCORE', p_score);
  END IF;

  IF p_score > 9999.99 THEN
    CALL raise_error('OUT_OF_RANGE', CONCAT('p_score ', p_score));
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT submit_quiz_attempt;
  CALL lock_user(p_student_id, v_deleted_at);
  IF v_deleted_at IS NOT NULL THEN
    CALL raise_error('USER_DELETED', p_student_id);
  END IF;
  SELECT lesson.course_id, quiz.passing_score INTO v_course_id, v_passing_score
    FROM quizzes quiz JOIN lessons lesson ON lesson.lesson_id = quiz.lesson_id
   WHERE quiz.quiz_id = p_quiz_id FOR SHARE;
  IF v_course_id IS NULL THEN
    CALL raise_error('NO_SUCH_QUIZ', p_quiz_id);
  END IF;
  IF NOT has_enrollment_now(p_student_id, v_course_id) THEN
    CALL raise_error('NOT_ENROLLED', CONCAT('quiz ', p_quiz_id));
  END IF;

  INSERT INTO quiz_attempts (student_id, quiz_id, score) VALUES (p_student_id, p_quiz_id, p_score);
  SET p_passed = p_score >= v_passing_score;
  IF v_joined THEN RELEASE SAVEPOINT submit_quiz_attempt; ELSE COMMIT; END IF;
END$$
DELIMITER ;
