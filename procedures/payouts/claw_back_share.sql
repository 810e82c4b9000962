-- Takes the instructor's share of a charge back, paid out already or not: an item of minus that share, open until the
-- next batch. A charge that nobody has a share in leaves nothing to take back. Called by the trigger.
--
-- Parameters
--   p_refund_id    the refund
--   p_charge_id    the charge it gives back
--   p_occurred_at  when, UTC
-- Example
--   CALL claw_back_share(32, 31, '2026-11-20 08:00:00');

DELIMITER $$
CREATE PROCEDURE claw_back_share(
  IN p_refund_id   BIGINT UNSIGNED,
  IN p_charge_id   BIGINT UNSIGNED,
  IN p_occurred_at DATETIME(6)
)
  COMMENT 'Takes the instructor''s share of a charge back'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  INSERT INTO payout_items
         (payment_id, instructor_id, course_id, occurred_at, gross, currency, share_percent, amount)
  SELECT p_refund_id, instructor_id, course_id, p_occurred_at, -gross, currency, share_percent, -amount
    FROM payout_items WHERE payment_id = p_charge_id FOR SHARE;
END$$
DELIMITER ;
