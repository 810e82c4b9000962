-- Who has completed which course. A refunded course is not completed.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW course_completers AS
SELECT enrollment.course_id,
       enrollment.student_id,
       student.name AS student_name
  FROM enrollments enrollment
  JOIN users student ON student.user_id = enrollment.student_id
 WHERE enrollment.status = 'completed';
