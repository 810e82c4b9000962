-- The part of a total that falls to the first so much of a whole, rounded half up to the cent. Differences of it share
-- the total out so that the parts add up, none below 0.
--
-- Parameters
--   p_total    what is shared out, USD
--   p_running  how much of the whole
--   p_whole    the whole; 0: nothing is shared out
-- Example
--   SELECT running_share(10.00, 20.00, 30.00) - running_share(10.00, 10.00, 30.00);
--   3.34

DELIMITER $$
CREATE FUNCTION running_share(p_total DECIMAL(12,2), p_running DECIMAL(12,2), p_whole DECIMAL(12,2)) RETURNS DECIMAL(12,2)
  COMMENT 'The part of a total that falls to the first so much of a whole'
  SQL SECURITY DEFINER DETERMINISTIC NO SQL
BEGIN
  RETURN IF(p_whole = 0, 0, ROUND(p_total * p_running / p_whole, 2));
END$$
DELIMITER ;
