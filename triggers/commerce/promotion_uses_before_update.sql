-- A use is made and given back, never moved.

DELIMITER $$
CREATE TRIGGER promotion_uses_before_update BEFORE UPDATE ON promotion_uses FOR EACH ROW
BEGIN
  CALL raise_error('FIXED_ONCE_STORED', 'a promotion''s use');
END$$
DELIMITER ;
