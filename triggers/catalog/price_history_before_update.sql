-- What a course cost stays as it was written.

DELIMITER $$
CREATE TRIGGER price_history_before_update BEFORE UPDATE ON price_history FOR EACH ROW
BEGIN
  CALL raise_error('APPEND_ONLY', 'price_history');
END$$
DELIMITER ;
