-- Refuses a prerequisite that would, over however many links, require the course itself.
--
-- Parameters
--   p_course_id               the course
--   p_prerequisite_course_id  what it would require
--   p_old_course_id, p_old_prerequisite_course_id  the link that this one takes the place of; NULL: none
-- Errors
--   30018 PREREQUISITE_CYCLE
-- Example
--   CALL refuse_prerequisite_cycle(1, 2, NULL, NULL);

DELIMITER $$
CREATE PROCEDURE refuse_prerequisite_cycle(
  IN p_course_id                  BIGINT UNSIGNED,
  IN p_prerequisite_course_id     BIGINT UNSIGNED,
  IN p_old_course_id              BIGINT UNSIGNED,
  IN p_old_prerequisite_course_id BIGINT UNSIGNED
)
  COMMENT 'Refuses a prerequisite that would close a cycle'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_mutex VARCHAR(64);
  DECLARE v_cycle BOOLEAN;

  SELECT name INTO v_mutex FROM mutexes WHERE name = 'course_prerequisites' FOR UPDATE;
  WITH RECURSIVE required (course_id) AS (
    SELECT p_prerequisite_course_id
    UNION
    SELECT link.prerequisite_course_id
      FROM required JOIN course_prerequisites link ON link.course_id = required.course_id
     WHERE NOT (link.course_id <=> p_old_course_id AND link.prerequisite_course_id <=> p_old_prerequisite_course_id)
       FOR SHARE OF link
  )
  SELECT COUNT(*) > 0 INTO v_cycle FROM required WHERE course_id = p_course_id;
  IF v_cycle THEN
    CALL raise_error('PREREQUISITE_CYCLE', p_course_id);
  END IF;
END$$
DELIMITER ;
