-- The job of the same name for a server whose event scheduler is on. Off until somebody enables it: one of the two.

DELIMITER $$
CREATE EVENT maintain_partitions
  ON SCHEDULE EVERY 1 DAY STARTS '2025-01-01 03:30:00'
  ON COMPLETION PRESERVE
  DISABLE
  COMMENT 'Keeps two coming years and the last ten in the history'
  DO BEGIN
    IF GET_LOCK(SHA2(CONCAT('maintain_partitions.', DATABASE()), 256), 0) THEN
      CALL maintain_partitions(2, 10);
      DO RELEASE_LOCK(SHA2(CONCAT('maintain_partitions.', DATABASE()), 256));
    END IF;
  END$$
DELIMITER ;
