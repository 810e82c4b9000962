-- A hold is made and given up, never moved.

DELIMITER $$
CREATE TRIGGER seat_holds_before_update BEFORE UPDATE ON seat_holds FOR EACH ROW
BEGIN
  CALL raise_error('FIXED_ONCE_STORED', 'a held seat');
END$$
DELIMITER ;
