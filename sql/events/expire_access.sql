-- The job of the same name for a server whose event scheduler is on. Off until somebody enables it: one of the two.

DELIMITER $$
CREATE EVENT expire_access
  ON SCHEDULE EVERY 1 HOUR
  ON COMPLETION PRESERVE
  DISABLE
  COMMENT 'Ends the enrollments whose access has ended'
  DO BEGIN
    IF GET_LOCK(SHA2(CONCAT('expire_access.', DATABASE()), 256), 0) THEN
      CALL expire_access(@expired);
      DO RELEASE_LOCK(SHA2(CONCAT('expire_access.', DATABASE()), 256));
    END IF;
  END$$
DELIMITER ;
