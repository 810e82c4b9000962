-- The job of the same name for a server whose event scheduler is on. Off until somebody enables it: one of the two.

DELIMITER $$
CREATE EVENT archive_payments
  ON SCHEDULE EVERY 1 DAY STARTS '2025-01-01 04:00:00'
  ON COMPLETION PRESERVE
  DISABLE
  COMMENT 'Moves what was closed a year ago into the history'
  DO BEGIN
    IF GET_LOCK(SHA2(CONCAT('archive_payments.', DATABASE()), 256), 0) THEN
      CALL archive_payments(UTC_DATE() - INTERVAL 1 YEAR, 500, @moved);
      DO RELEASE_LOCK(SHA2(CONCAT('archive_payments.', DATABASE()), 256));
    END IF;
  END$$
DELIMITER ;
