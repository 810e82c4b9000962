-- Active courses, the most enrolled first, straight from the counters.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW top_courses AS
SELECT course.course_id,
       course.title,
       instructor.name AS instructor_name,
       course.total_enrollments,
       course.avg_rating,
       course.review_count
  FROM courses course
  JOIN users instructor ON instructor.user_id = course.instructor_id
 WHERE course.status = 'active'
 ORDER BY course.total_enrollments DESC, course.course_id DESC;
