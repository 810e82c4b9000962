-- A use that was given back no longer counts.

DELIMITER $$
CREATE TRIGGER promotion_uses_after_delete AFTER DELETE ON promotion_uses FOR EACH ROW
BEGIN
  UPDATE promotions SET uses_count = uses_count - 1 WHERE promotion_id = OLD.promotion_id;
END$$
DELIMITER ;
