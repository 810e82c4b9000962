-- Who is deleted has no new cart.

DELIMITER $$
CREATE TRIGGER carts_before_insert BEFORE INSERT ON carts FOR EACH ROW
BEGIN
  CALL refuse_deleted_user(NEW.user_id);
END$$
DELIMITER ;
