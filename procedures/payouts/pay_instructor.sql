-- One step of create_payouts: one batch of one instructor, in a transaction of its own.
--
-- Parameters
--   p_instructor_id  who is paid
--   p_currency       in what
--   p_period_end     last day, UTC
--   p_made           whether a batch was made
-- Example
--   CALL pay_instructor(3, 'USD', '2026-10-31', @made);

DELIMITER $$
CREATE PROCEDURE pay_instructor(
  IN  p_instructor_id BIGINT UNSIGNED,
  IN  p_currency      CHAR(3) CHARACTER SET ascii COLLATE ascii_bin,
  IN  p_period_end    DATE,
  OUT p_made          BOOLEAN
)
  COMMENT 'One step of create_payouts'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;

  CALL begin_owned();
  CALL fill_payout(p_instructor_id, p_currency, p_period_end, p_made);
  IF p_made THEN COMMIT; ELSE ROLLBACK; END IF;
END$$
DELIMITER ;
