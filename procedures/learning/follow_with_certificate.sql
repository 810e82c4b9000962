-- Makes the certificate follow its enrollment: a completed one has it, one that is refunded or expired has it revoked.
--
-- Parameters
--   p_enrollment_id  which enrollment
--   p_status         its status now
-- Example
--   CALL follow_with_certificate(12, 'completed');
--   SELECT code FROM certificates WHERE enrollment_id = 12;
--   9f2c41d07ab84e35c6d1f0e82b7a9934

DELIMITER $$
CREATE PROCEDURE follow_with_certificate(IN p_enrollment_id BIGINT UNSIGNED, IN p_status VARCHAR(20))
  COMMENT 'Makes the certificate follow its enrollment'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  IF p_status = 'completed' THEN
    INSERT INTO certificates (enrollment_id) VALUES (p_enrollment_id);
  ELSE
    UPDATE certificates SET revoked_at = UTC_TIMESTAMP(6) WHERE enrollment_id = p_enrollment_id AND revoked_at IS NULL;
  END IF;
END$$
DELIMITER ;
