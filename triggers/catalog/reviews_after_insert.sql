-- A review counts for its course at the next fold.

DELIMITER $$
CREATE TRIGGER reviews_after_insert AFTER INSERT ON reviews FOR EACH ROW
BEGIN
  INSERT INTO course_deltas (course_id, rating_sum, reviews) VALUES (NEW.course_id, NEW.rating, 1);
END$$
DELIMITER ;
