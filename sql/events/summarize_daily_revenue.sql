-- The job of the same name for a server whose event scheduler is on. Off until somebody enables it: one of the two.

DELIMITER $$
CREATE EVENT summarize_daily_revenue
  ON SCHEDULE EVERY 1 DAY STARTS '2025-01-01 00:10:00'
  ON COMPLETION PRESERVE
  DISABLE
  COMMENT 'Writes down yesterday''s figures'
  DO BEGIN
    IF GET_LOCK(SHA2(CONCAT('summarize_daily_revenue.', DATABASE()), 256), 0) THEN
      CALL summarize_daily_revenue(UTC_DATE() - INTERVAL 1 DAY);
      DO RELEASE_LOCK(SHA2(CONCAT('summarize_daily_revenue.', DATABASE()), 256));
    END IF;
  END$$
DELIMITER ;
