-- Builds the facts of a UTC day and what they point to. Runs inside its caller's transaction, the day being locked. Of a day
-- that is not over, who buys for the first time meanwhile is in the next build.
--
-- Parameters
--   p_day  the day, UTC
-- Example
--   CALL build_facts('2026-11-19');

DELIMITER $$
CREATE PROCEDURE build_facts(IN p_day DATE)
  COMMENT 'Builds the facts of a UTC day and what they point to'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_next_day DATE DEFAULT p_day + INTERVAL 1 DAY;

  INSERT INTO dim_user (user_id, user_type, joined_on)
  SELECT buyer.user_id, buyer.user_type, CAST(buyer.created_at AS DATE)
    FROM users buyer
    JOIN (SELECT DISTINCT user_id FROM sales_facts
           WHERE processed_at >= p_day AND processed_at < v_next_day) sold ON sold.user_id = buyer.user_id
   WHERE TRUE
      ON DUPLICATE KEY UPDATE user_type = buyer.user_type;
  INSERT INTO dim_course (course_id, title, level, instructor_id)
  SELECT course.course_id, course.title, course.level, course.instructor_id
    FROM courses course
    JOIN (SELECT DISTINCT course_id FROM sales_facts
           WHERE processed_at >= p_day AND processed_at < v_next_day) sold ON sold.course_id = course.course_id
   WHERE TRUE
      ON DUPLICATE KEY UPDATE title = course.title, level = course.level, instructor_id = course.instructor_id;
  DELETE FROM fact_sales WHERE date_key = p_day;
  INSERT INTO fact_sales (payment_id, date_key, course_id, user_id, kind, currency, amount, instructor_share)
  SELECT fresh.payment_id, p_day, fresh.course_id, fresh.user_id, fresh.kind, fresh.currency, fresh.amount,
         fresh.instructor_share
    FROM sales_facts fresh
    JOIN dim_user buyer ON buyer.user_id = fresh.user_id
    JOIN dim_course course ON course.course_id = fresh.course_id
   WHERE processed_at >= p_day AND processed_at < v_next_day
      ON DUPLICATE KEY UPDATE date_key = p_day;  -- it stood under another day
END$$
DELIMITER ;
