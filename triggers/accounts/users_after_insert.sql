-- Every user has a clock of payments from the start: to look for a missing one with a lock would lock a gap.

DELIMITER $$
CREATE TRIGGER users_after_insert AFTER INSERT ON users FOR EACH ROW
BEGIN
  INSERT INTO payment_clocks (user_id) VALUES (NEW.user_id);
END$$
DELIMITER ;
