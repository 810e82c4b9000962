-- Notes the charges of an enrollment that more than one paid for, or that is refunded: v_payments_to_reconcile looks at them
-- closer. Called by triggers.
--
-- Parameters
--   p_enrollment_id  which enrollment
-- Example
--   CALL note_charges(12);

DELIMITER $$
CREATE PROCEDURE note_charges(IN p_enrollment_id BIGINT UNSIGNED)
  COMMENT 'Notes the charges of an enrollment to look at closer'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  INSERT INTO payments_to_check (payment_id)
  SELECT payment_id FROM payments FORCE INDEX (payments_of_enrollment)
   WHERE enrollment_id = p_enrollment_id AND status = 'completed' AND kind = 'charge'
      ON DUPLICATE KEY UPDATE payment_id = payments_to_check.payment_id;
END$$
DELIMITER ;
