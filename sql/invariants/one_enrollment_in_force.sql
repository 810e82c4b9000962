-- A student has at most one enrollment in force, active or completed, in a course.
SELECT student_id, course_id, COUNT(*) AS in_force
  FROM enrollments
 WHERE status IN ('active', 'completed')
 GROUP BY student_id, course_id
HAVING COUNT(*) > 1;
