-- Every student, and everybody else who is enrolled somewhere, with their enrollments; without one, one row without a
-- course.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW student_dashboard AS
SELECT student.user_id,
       student.name AS student_name,
       student.email,
       enrollment.enrollment_id,
       enrollment.course_id,
       course.title AS course_title,
       enrollment.progress_percentage,
       enrollment.status
  FROM users student
  LEFT JOIN enrollments enrollment ON enrollment.student_id = student.user_id
  LEFT JOIN courses course ON course.course_id = enrollment.course_id
 WHERE student.user_type = 'student' OR enrollment.enrollment_id IS NOT NULL;
