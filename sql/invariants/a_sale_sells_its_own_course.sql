-- An enrollment that was bought in a flash sale is in the course of that sale.
-- along: enrollments.enrollment_id
SELECT enrollment.enrollment_id, enrollment.course_id, enrollment.flash_sale_id, sale.course_id AS on_sale
  FROM enrollments enrollment
  LEFT JOIN flash_sales sale ON sale.sale_id = enrollment.flash_sale_id
 WHERE enrollment.enrollment_id BETWEEN @first AND @last
   AND enrollment.flash_sale_id IS NOT NULL
   AND NOT sale.course_id <=> enrollment.course_id;
