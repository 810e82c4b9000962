-- Where the period after p_from ends: some months on, on the anchor day or the month's last.
--
-- Parameters
--   p_from        end of the period before
--   p_months      length of a period
--   p_anchor_day  day of the month, 1 to 31
-- Example
--   SELECT next_period_end('2026-02-28', 1, 31);
--   2026-03-31

DELIMITER $$
CREATE FUNCTION next_period_end(p_from DATE, p_months INT, p_anchor_day INT) RETURNS DATE
  COMMENT 'Where the period after p_from ends'
  SQL SECURITY DEFINER DETERMINISTIC NO SQL
BEGIN
  DECLARE v_last_day DATE DEFAULT LAST_DAY(p_from - INTERVAL (DAY(p_from) - 1) DAY + INTERVAL p_months MONTH);

  RETURN v_last_day - INTERVAL GREATEST(DAY(v_last_day) - p_anchor_day, 0) DAY;
END$$
DELIMITER ;
