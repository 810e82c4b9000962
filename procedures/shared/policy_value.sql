-- The number in force for a policy.
--
-- Parameters
--   p_name  a name of table policies
-- Errors
--   30011 NO_SUCH_POLICY
-- Example
--   SELECT policy_value('refund_window_days');
--   30.00

DELIMITER $$
CREATE FUNCTION policy_value(p_name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin) RETURNS DECIMAL(12,2)
  COMMENT 'The number in force for a policy'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_value DECIMAL(12,2);

  SELECT value INTO v_value FROM policies WHERE name = p_name FOR SHARE;
  IF v_value IS NULL THEN
    CALL raise_error('NO_SUCH_POLICY', p_name);
  END IF;
  RETURN v_value;
END$$
DELIMITER ;
