-- Writes down the instructor's share of a completed charge, by the rate in force on its day. Called by the triggers.
--
-- Parameters
--   p_payment_id     the charge
--   p_enrollment_id  what it paid for
--   p_occurred_at    when it completed, UTC
--   p_amount         what was paid
--   p_currency       in what
-- Errors
--   30060 NO_PAYOUT_RATE
-- Example
--   CALL freeze_share(31, 12, '2026-11-19 08:00:00', 49.99, 'USD');

DELIMITER $$
CREATE PROCEDURE freeze_share(
  IN p_payment_id    BIGINT UNSIGNED,
  IN p_enrollment_id BIGINT UNSIGNED,
  IN p_occurred_at   DATETIME(6),
  IN p_amount        DECIMAL(10,2),
  IN p_currency      CHAR(3) CHARACTER SET ascii COLLATE ascii_bin
)
  COMMENT 'Writes down the instructor''s share of a completed charge'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_course_id     BIGINT UNSIGNED;
  DECLARE v_instructor_id BIGINT UNSIGNED;
  DECLARE v_percent       DECIMAL(5,2);

  SELECT course_id INTO v_course_id FROM enrollments WHERE enrollment_id = p_enrollment_id FOR SHARE;
  SELECT instructor_id INTO v_instructor_id FROM courses WHERE course_id = v_course_id FOR SHARE;
  SELECT share_percent INTO v_percent FROM payout_rates
   WHERE valid_from <= p_occurred_at ORDER BY valid_from DESC LIMIT 1 FOR SHARE;
  IF v_percent IS NULL THEN
    CALL raise_error('NO_PAYOUT_RATE', DATE(p_occurred_at));
  END IF;
  INSERT INTO payout_items
         (payment_id, instructor_id, course_id, occurred_at, gross, currency, share_percent, amount)
  VALUES (p_payment_id, v_instructor_id, v_course_id, p_occurred_at, p_amount, p_currency, v_percent,
          ROUND(p_amount * v_percent / 100, 2));
END$$
DELIMITER ;
