-- Refuses arguments of search_courses that cannot be.
--
-- Parameters
--   p_min_price, p_max_price, p_after, p_limit  as in search_courses
-- Errors
--   30001 MISSING_ARGUMENT
--   30050 BAD_SEARCH
-- Example
--   CALL refuse_bad_search(NULL, NULL, NULL, 0);
--   ERROR 30050 (45000): search refused: a page of 0 rows: correct the arguments

DELIMITER $$
CREATE PROCEDURE refuse_bad_search(
  IN p_min_price DECIMAL(65,2),
  IN p_max_price DECIMAL(65,2),
  IN p_after     LONGTEXT,
  IN p_limit     BIGINT
)
  COMMENT 'Refuses arguments of search_courses that cannot be'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_most INT;

  CALL require_argument('p_limit', p_limit);
  SELECT value INTO v_most FROM policies WHERE name = 'search_page_limit';
  IF p_limit NOT BETWEEN 1 AND v_most THEN
    CALL raise_error('BAD_SEARCH', CONCAT('a page of ', p_limit, ' rows'));
  END IF;
  IF p_min_price < 0 OR p_max_price < 0 THEN
    CALL raise_error('BAD_SEARCH', 'a price below 0');
  END IF;
  IF p_min_price > 99999999.99 OR p_max_price > 99999999.99 THEN
    CALL raise_error('BAD_SEARCH', 'a price above 99999999.99');
  END IF;
  IF NOT JSON_VALID(p_after) THEN
    CALL raise_error('BAD_SEARCH', 'p_after is not JSON');
  END IF;
  IF NOT JSON_SCHEMA_VALID('{
    "type": "object",
    "required": ["total_enrollments", "course_id"],
    "additionalProperties": false,
    "properties": {
      "total_enrollments": {"type": "integer", "minimum": 0, "maximum": 2147483647},
      "course_id":         {"type": "integer", "minimum": 0, "maximum": 9223372036854775807}
    }
  }', p_after) THEN
    CALL raise_error('BAD_SEARCH', 'p_after is no page_key');
  END IF;
END$$
DELIMITER ;
