-- The courses of each category and those below it, best rated first: place 1 is the best. Of equally rated ones the more
-- often reviewed comes first. Straight from the counters; only active courses that somebody has reviewed.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW top_rated_courses AS
SELECT listed.category_id,
       listed.category_path,
       ROW_NUMBER() OVER (PARTITION BY listed.category_id
                          ORDER BY course.avg_rating DESC, course.review_count DESC, course.course_id) AS place,
       course.course_id,
       course.title,
       instructor.name AS instructor_name,
       course.avg_rating,
       course.review_count
  FROM (SELECT DISTINCT category.category_id, category.path AS category_path, standing.course_id
          FROM categories category
          JOIN categories below ON below.path LIKE CONCAT(category.path, '%')
          JOIN course_categories standing ON standing.category_id = below.category_id) listed
  JOIN courses course ON course.course_id = listed.course_id
  JOIN users instructor ON instructor.user_id = course.instructor_id
 WHERE course.status = 'active' AND course.review_count > 0;
