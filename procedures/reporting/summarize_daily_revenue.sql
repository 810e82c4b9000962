-- Writes the figures of a UTC day into daily_revenue_summary; again gives the same row.
--
-- Revenue is gross: a charge counts on the day it was completed, whether refunded later or not; the refund counts on
-- its own day.
--
-- Parameters
--   p_day  the day, UTC
-- Errors
--   30001 MISSING_ARGUMENT
--   30066 BAD_DATE
-- Example
--   CALL summarize_daily_revenue('2026-11-19');
--   SELECT total_revenue, total_transactions, refund_amount FROM daily_revenue_summary WHERE summary_date = '2026-11-19';
--   199.96  4  49.99

DELIMITER $$
CREATE PROCEDURE summarize_daily_revenue(IN p_day DATE)
  COMMENT 'Writes the figures of a UTC day'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined        BOOLEAN;
  DECLARE v_next_day      DATE;
  DECLARE v_revenue       DECIMAL(14,2);
  DECLARE v_transactions  INT;
  DECLARE v_refunds       DECIMAL(14,2);
  DECLARE v_enrollments   INT;
  DECLARE v_subscriptions INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT summarize_daily_revenue; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_date('p_day', p_day);
  SET v_next_day = p_day + INTERVAL 1 DAY;

  CALL begin_or_join(v_joined);
  SAVEPOINT summarize_daily_revenue;
  SELECT COALESCE(SUM(IF(kind = 'charge', amount, 0)), 0),
         COUNT(IF(kind = 'charge', 1, NULL)),
         COALESCE(SUM(IF(kind = 'refund', -amount, 0)), 0)
    INTO v_revenue, v_transactions, v_refunds
    FROM (SELECT kind, amount FROM payments
           WHERE processed_at >= p_day AND processed_at < v_next_day AND status IN ('completed', 'refunded')
           UNION ALL
          SELECT kind, amount FROM payments_history
           WHERE processed_at >= p_day AND processed_at < v_next_day AND status IN ('completed', 'refunded')) payment;
  SELECT COUNT(*) INTO v_enrollments FROM enrollments WHERE enrolled_at >= p_day AND enrolled_at < v_next_day;
  SELECT COUNT(*) INTO v_subscriptions FROM subscriptions WHERE start_date = p_day;

  INSERT INTO daily_revenue_summary
         (summary_date, total_revenue, total_transactions, new_enrollments, new_subscriptions, refund_amount)
  VALUES (p_day, v_revenue, v_transactions, v_enrollments, v_subscriptions, v_refunds) AS fresh
      ON DUPLICATE KEY UPDATE
         total_revenue      = fresh.total_revenue,
         total_transactions = fresh.total_transactions,
         new_enrollments    = fresh.new_enrollments,
         new_subscriptions  = fresh.new_subscriptions,
         refund_amount      = fresh.refund_amount,
         updated_at         = UTC_TIMESTAMP(6);

  IF v_joined THEN RELEASE SAVEPOINT summarize_daily_revenue; ELSE COMMIT; END IF;
END$$
DELIMITER ;
