-- Keeps the counters at most a second old where the event scheduler is on.

DELIMITER $$
CREATE EVENT fold_counters_every_second
  ON SCHEDULE EVERY 1 SECOND
  ON COMPLETION PRESERVE
  COMMENT 'Keeps the counters at most a second old'
  DO CALL fold_counters()$$
DELIMITER ;
