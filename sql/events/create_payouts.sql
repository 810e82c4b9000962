-- The job of the same name for a server whose event scheduler is on. Off until somebody enables it: one of the two.

DELIMITER $$
CREATE EVENT create_payouts
  ON SCHEDULE EVERY 1 DAY STARTS '2025-01-01 03:00:00'
  ON COMPLETION PRESERVE
  DISABLE
  COMMENT 'Pays the instructors for the month that is over'
  DO BEGIN
    IF GET_LOCK(SHA2(CONCAT('create_payouts.', DATABASE()), 256), 0) THEN
      CALL create_payouts(LAST_DAY(UTC_DATE() - INTERVAL 1 MONTH), @payouts);
      DO RELEASE_LOCK(SHA2(CONCAT('create_payouts.', DATABASE()), 256));
    END IF;
  END$$
DELIMITER ;
