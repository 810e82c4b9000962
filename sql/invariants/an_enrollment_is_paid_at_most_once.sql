-- An enrollment has at most one charge that stands; one that was refunded has none.
-- along: enrollments.enrollment_id
SELECT enrollment.enrollment_id, enrollment.status, COUNT(*) AS charges
  FROM enrollments enrollment
  JOIN payments charge ON charge.enrollment_id = enrollment.enrollment_id
 WHERE enrollment.enrollment_id BETWEEN @first AND @last
   AND charge.kind = 'charge' AND charge.status = 'completed'
 GROUP BY enrollment.enrollment_id, enrollment.status
HAVING COUNT(*) > IF(enrollment.status = 'refunded', 0, 1);
