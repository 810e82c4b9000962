-- A use counts at once.

DELIMITER $$
CREATE TRIGGER promotion_uses_after_insert AFTER INSERT ON promotion_uses FOR EACH ROW
BEGIN
  UPDATE promotions SET uses_count = uses_count + 1 WHERE promotion_id = NEW.promotion_id;
END$$
DELIMITER ;
