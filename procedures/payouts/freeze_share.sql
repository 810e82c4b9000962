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
  INSERT INTO payout_items
         (payment_id, instructor_id, course_id, occurred_at, gross, currency, share_percent, amount)
  SELECT p_payment_id, course.instructor_id, course.course_id, p_occurred_at, p_amount, p_currency, rate.share_percent,
         ROUND(p_amount * rate.share_percent / 100, 2)
    FROM enrollments enrollment
    JOIN courses course ON course.course_id = enrollment.course_id
    JOIN payout_rates rate
      ON rate.valid_from = (SELECT MAX(valid_from) FROM payout_rates WHERE valid_from <= p_occurred_at FOR SHARE)
   WHERE enrollment.enrollment_id = p_enrollment_id
     FOR SHARE;
  IF ROW_COUNT() = 0 THEN
    CALL raise_error('NO_PAYOUT_RATE', DATE(p_occurred_at));
  END IF;
END$$
DELIMITER ;
