-- Writes down yesterday's figures.
--
-- daily at: 00:10
CALL summarize_daily_revenue(UTC_DATE() - INTERVAL 1 DAY);
