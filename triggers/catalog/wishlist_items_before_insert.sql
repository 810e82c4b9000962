-- Who is deleted wishes for nothing any more.

DELIMITER $$
CREATE TRIGGER wishlist_items_before_insert BEFORE INSERT ON wishlist_items FOR EACH ROW
BEGIN
  CALL refuse_deleted_user(NEW.student_id);
END$$
DELIMITER ;
