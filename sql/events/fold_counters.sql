-- Keeps the counters at most a second old where the event scheduler is on. One run at a time, and none waits long: while
-- it waits for a course, that course's buyers wait behind it.

DELIMITER $$
CREATE EVENT fold_counters
  ON SCHEDULE EVERY 1 SECOND
  ON COMPLETION PRESERVE
  COMMENT 'Keeps the counters at most a second old'
  DO BEGIN
    IF GET_LOCK(SHA2(CONCAT('fold_counters.', DATABASE()), 256), 0) THEN
      SET SESSION innodb_lock_wait_timeout = 1;
      CALL fold_counters();
      DO RELEASE_LOCK(SHA2(CONCAT('fold_counters.', DATABASE()), 256));
    END IF;
  END$$
DELIMITER ;
