-- A charge that names an enrollment is of the same person, and of the same course where it names one.
-- along: payments.payment_id
SELECT payment.payment_id, payment.user_id, payment.course_id, enrollment.enrollment_id, enrollment.student_id,
       enrollment.course_id AS enrolled_in
  FROM payments payment
  JOIN enrollments enrollment ON enrollment.enrollment_id = payment.enrollment_id
 WHERE payment.payment_id BETWEEN @first AND @last
   AND (payment.user_id <> enrollment.student_id OR payment.course_id <> enrollment.course_id);
