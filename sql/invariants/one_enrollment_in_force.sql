-- A student has at most one enrollment in force, active or completed, in a course.
-- along: enrollments.student_id
SELECT student_id, course_id, COUNT(*) AS in_force
  FROM enrollments
 WHERE student_id BETWEEN @first AND @last AND status IN ('active', 'completed')
 GROUP BY student_id, course_id
HAVING COUNT(*) > 1;
