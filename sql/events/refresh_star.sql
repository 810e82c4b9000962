-- The job of the same name for a server whose event scheduler is on. Off until somebody enables it: one of the two.

DELIMITER $$
CREATE EVENT refresh_star
  ON SCHEDULE EVERY 1 DAY STARTS '2025-01-01 00:20:00'
  ON COMPLETION PRESERVE
  DISABLE
  COMMENT 'Builds yesterday''s facts'
  DO BEGIN
    IF GET_LOCK(SHA2(CONCAT('refresh_star.', DATABASE()), 256), 0) THEN
      CALL refresh_star(UTC_DATE() - INTERVAL 1 DAY);
      DO RELEASE_LOCK(SHA2(CONCAT('refresh_star.', DATABASE()), 256));
    END IF;
  END$$
DELIMITER ;
