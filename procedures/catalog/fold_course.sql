-- Adds a course's deltas to its counters, in one short transaction: the course's row is locked first, then its deltas.
--
-- The other way round it deadlocks with those who write deltas. Exactly the rows that were summed are deleted: others
-- may arrive meanwhile.
--
-- Parameters
--   p_course_id  which course
--   p_more       deltas may be left: call again
-- Example
--   CALL fold_course(1, @more);

DELIMITER $$
CREATE PROCEDURE fold_course(IN p_course_id BIGINT UNSIGNED, OUT p_more BOOLEAN)
  COMMENT 'Adds a course''s deltas to its counters'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_course_id BIGINT UNSIGNED;
  DECLARE v_deltas    JSON;
  DECLARE v_enrolled  INT;
  DECLARE v_total     INT;
  DECLARE v_rating    INT;
  DECLARE v_reviews   INT;
  DECLARE v_newest    DATETIME(6);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;

  CALL begin_owned();
  SELECT course_id INTO v_course_id FROM courses WHERE course_id = p_course_id FOR UPDATE;
  SELECT JSON_ARRAYAGG(delta_id), SUM(enrolled), SUM(total), SUM(rating_sum), SUM(reviews), COUNT(*) = 5000
    INTO v_deltas, v_enrolled, v_total, v_rating, v_reviews, p_more
    FROM (SELECT * FROM course_deltas WHERE course_id = p_course_id LIMIT 5000 FOR UPDATE SKIP LOCKED) delta;
  IF v_deltas IS NOT NULL THEN
    SELECT MAX(enrolled_at) INTO v_newest FROM enrollments WHERE course_id = p_course_id;
    UPDATE courses
       SET enrolled_students    = enrolled_students + v_enrolled,
           total_enrollments    = total_enrollments + v_total,
           rating_sum           = rating_sum + v_rating,
           review_count         = review_count + v_reviews,
           last_enrollment_date = v_newest
     WHERE course_id = p_course_id
       AND NOT (v_enrolled = 0 AND v_total = 0 AND v_rating = 0 AND v_reviews = 0 AND last_enrollment_date <=> v_newest);
    DELETE delta FROM JSON_TABLE(v_deltas, '$[*]' COLUMNS (delta_id BIGINT UNSIGNED PATH '$')) folded
      STRAIGHT_JOIN course_deltas delta ON delta.delta_id = folded.delta_id;
  END IF;
  COMMIT;
END$$
DELIMITER ;
