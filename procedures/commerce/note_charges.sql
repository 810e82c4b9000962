-- Notes the charges of an enrollment where more than one stands, or where it is refunded: v_payments_to_reconcile looks at
-- them closer. Called by triggers; a charge for what its session has just enrolled needs no look.
--
-- Parameters
--   p_enrollment_id  which enrollment
-- Example
--   CALL note_charges(12);

DELIMITER $$
CREATE PROCEDURE note_charges(IN p_enrollment_id BIGINT UNSIGNED)
  COMMENT 'Notes charges that may have bought nothing'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_in_doubt BOOLEAN;

  -- apart from the INSERT, which would lock the gap that it reads
  SELECT COUNT(*) > 1 OR MAX(enrollment.status) = 'refunded' INTO v_in_doubt
    FROM payments charge FORCE INDEX (payments_of_enrollment)
    JOIN enrollments enrollment ON enrollment.enrollment_id = charge.enrollment_id
   WHERE charge.enrollment_id = p_enrollment_id AND charge.status = 'completed' AND charge.kind = 'charge';
  IF v_in_doubt THEN
    INSERT INTO payments_to_check (payment_id)
    SELECT payment_id FROM payments FORCE INDEX (payments_of_enrollment)
     WHERE enrollment_id = p_enrollment_id AND status = 'completed' AND kind = 'charge'
        ON DUPLICATE KEY UPDATE payment_id = payments_to_check.payment_id;
  END IF;
END$$
DELIMITER ;
