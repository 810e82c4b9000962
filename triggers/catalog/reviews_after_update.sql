-- An edited or moved review counts anew at the next fold.

DELIMITER $$
CREATE TRIGGER reviews_after_update AFTER UPDATE ON reviews FOR EACH ROW
BEGIN
  IF NEW.rating <> OLD.rating OR NEW.course_id <> OLD.course_id THEN
    INSERT INTO course_deltas (course_id, rating_sum, reviews) VALUES
      (OLD.course_id, -CAST(OLD.rating AS SIGNED), -1),
      (NEW.course_id, NEW.rating, 1);
  END IF;
END$$
DELIMITER ;
