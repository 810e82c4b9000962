-- A course's price changes follow each other without a gap, and the last of them led to the price in force.
-- along: courses.course_id
WITH followed AS (
  SELECT change_id, course_id, price_before, price_after,
         LEAD(price_before) OVER (PARTITION BY course_id ORDER BY change_id) AS next_before
    FROM price_history
   WHERE course_id BETWEEN @first AND @last
)
SELECT followed.change_id, followed.course_id, followed.price_after,
       COALESCE(followed.next_before, course.price) AS price_then
  FROM followed
  JOIN courses course ON course.course_id = followed.course_id
 WHERE followed.price_after <> COALESCE(followed.next_before, course.price);
