-- Refuses a batch for record_progress whose form is wrong, before anything is looked up.
--
-- Parameters
--   p_updates  as in record_progress
-- Errors
--   30001 MISSING_ARGUMENT
--   30016 BAD_PROGRESS
-- Example
--   CALL refuse_bad_progress('[{"section_id": 7}, {"section_id": 7}]');
--   ERROR 30016 (45000): progress update refused: an id stands twice: nothing was stored; correct the batch

DELIMITER $$
CREATE PROCEDURE refuse_bad_progress(IN p_updates LONGTEXT)
  COMMENT 'Refuses a progress batch whose form is wrong'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_sections INT;
  DECLARE v_lessons  INT;

  IF p_updates IS NULL THEN
    CALL raise_error('MISSING_ARGUMENT', 'p_updates');
  END IF;
  IF NOT JSON_VALID(p_updates) THEN
    CALL raise_error('BAD_PROGRESS', 'not JSON');
  END IF;
  IF JSON_TYPE(p_updates) <> 'ARRAY' THEN
    CALL raise_error('BAD_PROGRESS', 'not a JSON array');
  END IF;
  IF JSON_LENGTH(p_updates) > policy_value('progress_batch_limit') THEN
    CALL raise_error('BAD_PROGRESS', 'more entries than policy allows');
  END IF;
  IF NOT JSON_SCHEMA_VALID('{
    "items": {
      "type": "object",
      "oneOf": [{"required": ["section_id"]}, {"required": ["lesson_id"]}],
      "additionalProperties": false,
      "properties": {
        "section_id":         {"type": "integer", "minimum": 1},
        "lesson_id":          {"type": "integer", "minimum": 1},
        "time_spent_minutes": {"type": "integer", "minimum": 0, "maximum": 100000},
        "completed":          {"type": "boolean"}
      }
    }
  }', p_updates) THEN
    CALL raise_error('BAD_PROGRESS', 'an entry has the wrong form');
  END IF;

  SELECT COUNT(DISTINCT section_id), COUNT(DISTINCT lesson_id) INTO v_sections, v_lessons
    FROM JSON_TABLE(p_updates, '$[*]' COLUMNS (
           section_id BIGINT UNSIGNED PATH '$.section_id' ERROR ON ERROR,
           lesson_id  BIGINT UNSIGNED PATH '$.lesson_id'  ERROR ON ERROR)) entry;
  IF v_sections + v_lessons < JSON_LENGTH(p_updates) THEN
    CALL raise_error('BAD_PROGRESS', 'an id stands twice');
  END IF;
END$$
DELIMITER ;
