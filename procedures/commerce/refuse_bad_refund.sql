-- Refuses a refund that does not match its charge: same user and currency, minus the amount, money that was taken.
--
-- Parameters
--   p_refund_of  the charge
--   p_user_id    who is paid back
--   p_currency   in what
--   p_amount     below 0
-- Errors
--   30023 BAD_REFUND
-- Example
--   CALL refuse_bad_refund(31, 7, 'USD', -49.99);

DELIMITER $$
CREATE PROCEDURE refuse_bad_refund(
  IN p_refund_of BIGINT UNSIGNED,
  IN p_user_id   BIGINT UNSIGNED,
  IN p_currency  CHAR(3) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_amount    DECIMAL(10,2)
)
  COMMENT 'Refuses a refund that does not match its charge'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_matches BOOLEAN;

  SELECT COUNT(*) INTO v_matches FROM payments
   WHERE payment_id = p_refund_of AND kind = 'charge' AND status IN ('completed', 'refunded')
     AND user_id = p_user_id AND currency = p_currency AND amount = -p_amount
     FOR SHARE;
  IF NOT v_matches THEN
    CALL raise_error('BAD_REFUND', p_refund_of);
  END IF;
END$$
DELIMITER ;
