-- Refuses a day that is missing or in no calendar: without a strict sql_mode the server makes '0000-00-00' of one.
--
-- Parameters
--   p_name   the parameter's name, for the message
--   p_value  what the caller gave, as the server reads it; from the year 1000 to 9998
-- Errors
--   30001 MISSING_ARGUMENT
--   30066 BAD_DATE
-- Example
--   CALL require_date('p_day', '2026-02-30');
--   ERROR 30066 (45000): p_day 2026-02-30 is no day of the calendar: give one as YYYY-MM-DD

DELIMITER $$
CREATE PROCEDURE require_date(IN p_name VARCHAR(64), IN p_value TEXT)
  COMMENT 'Refuses a day that is missing or in no calendar'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  CALL require_argument(p_name, p_value);
  IF COALESCE(YEAR(CAST(p_value AS DATE)), 0) NOT BETWEEN 1000 AND 9998 THEN
    CALL raise_error('BAD_DATE', CONCAT(p_name, ' ', p_value));
  END IF;
END$$
DELIMITER ;
