-- Every course with its counters exact at this moment: the columns plus what is not folded yet.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW course_catalog AS
SELECT course.course_id,
       course.title,
       course.price,
       course.level,
       course.status,
       course.instructor_id,
       instructor.name AS instructor_name,
       course.enrolled_students + COALESCE(delta.enrolled, 0) AS enrolled_students,
       course.total_enrollments + COALESCE(delta.total, 0) AS total_enrollments,
       CAST((course.rating_sum + COALESCE(delta.rating_sum, 0))
            / NULLIF(course.review_count + COALESCE(delta.reviews, 0), 0) AS DECIMAL(3,2)) AS avg_rating,
       course.review_count + COALESCE(delta.reviews, 0) AS review_count
  FROM courses course
  JOIN users instructor ON instructor.user_id = course.instructor_id
  LEFT JOIN LATERAL (
       SELECT SUM(enrolled) AS enrolled, SUM(total) AS total, SUM(rating_sum) AS rating_sum, SUM(reviews) AS reviews
         FROM course_deltas
        WHERE course_id = course.course_id) delta ON TRUE;
