-- A deleted review no longer counts after the next fold.

DELIMITER $$
CREATE TRIGGER reviews_after_delete AFTER DELETE ON reviews FOR EACH ROW
BEGIN
  INSERT INTO course_deltas (course_id, rating_sum, reviews) VALUES (OLD.course_id, -CAST(OLD.rating AS SIGNED), -1);
END$$
DELIMITER ;
