-- Whether an enrollment that is not refunded stands on a charge alone: then there is an enrollment to end first.
--
-- Parameters
--   p_payment_id  the charge
-- Example
--   SELECT pays_for_enrollment(31);
--   1

DELIMITER $$
CREATE FUNCTION pays_for_enrollment(p_payment_id BIGINT UNSIGNED) RETURNS BOOLEAN
  COMMENT 'Whether an enrollment stands on a charge alone'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_enrollment_id BIGINT UNSIGNED;
  DECLARE v_status        VARCHAR(20);
  DECLARE v_others        INT;
  DECLARE v_archived      INT;

  SELECT enrollment_id INTO v_enrollment_id FROM payments WHERE payment_id = p_payment_id FOR UPDATE;
  SELECT status INTO v_status FROM enrollments WHERE enrollment_id = v_enrollment_id FOR SHARE;
  SELECT COUNT(*) INTO v_others FROM payments
   WHERE enrollment_id = v_enrollment_id AND payment_id <> p_payment_id AND kind = 'charge' AND status = 'completed'
     FOR SHARE;
  SELECT COUNT(*) INTO v_archived FROM payments_history
   WHERE enrollment_id = v_enrollment_id AND kind = 'charge' AND status = 'completed' FOR SHARE;
  RETURN COALESCE(v_status <> 'refunded' AND v_others + v_archived = 0, FALSE);
END$$
DELIMITER ;
