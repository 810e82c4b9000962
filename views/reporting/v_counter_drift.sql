-- Every counter that does not equal a recount: no row, all is well. What is not folded yet counts as right.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW v_counter_drift AS
WITH counted AS (
  SELECT course.course_id,
         COUNT(enrollment.in_force) AS enrolled_students,
         COUNT(enrollment.enrollment_id) AS total_enrollments,
         MAX(enrollment.enrolled_at) AS last_enrollment_date
    FROM courses course
    LEFT JOIN enrollments enrollment ON enrollment.course_id = course.course_id
   GROUP BY course.course_id
), rated AS (
  SELECT course.course_id, COALESCE(SUM(review.rating), 0) AS rating_sum, COUNT(review.review_id) AS review_count
    FROM courses course
    LEFT JOIN reviews review ON review.course_id = course.course_id
   GROUP BY course.course_id
), pending AS (
  SELECT course_id, SUM(enrolled) AS enrolled, SUM(total) AS total, SUM(rating_sum) AS rating_sum, SUM(reviews) AS reviews
    FROM course_deltas
   GROUP BY course_id
), stock AS (
  SELECT terms.sale_id, terms.course_id, terms.state, SUM(stock.seats_left) AS seats_left
    FROM flash_sale_terms terms
    JOIN flash_sale_stock stock ON stock.sale_id = terms.sale_id
   GROUP BY terms.sale_id
)
SELECT 'courses.enrolled_students' AS counter, course.course_id AS row_id,
       CAST(course.enrolled_students + COALESCE(pending.enrolled, 0) AS CHAR) AS stored_value,
       CAST(counted.enrolled_students AS CHAR) AS recounted_value
  FROM courses course JOIN counted USING (course_id) LEFT JOIN pending USING (course_id)
 WHERE course.enrolled_students + COALESCE(pending.enrolled, 0) <> counted.enrolled_students
UNION ALL
SELECT 'courses.total_enrollments', course.course_id,
       course.total_enrollments + COALESCE(pending.total, 0), counted.total_enrollments
  FROM courses course JOIN counted USING (course_id) LEFT JOIN pending USING (course_id)
 WHERE course.total_enrollments + COALESCE(pending.total, 0) <> counted.total_enrollments
UNION ALL
SELECT 'courses.last_enrollment_date', course.course_id, course.last_enrollment_date, counted.last_enrollment_date
  FROM courses course JOIN counted USING (course_id)
 WHERE NOT course.last_enrollment_date <=> counted.last_enrollment_date
   AND NOT EXISTS (SELECT 1 FROM course_deltas WHERE course_id = course.course_id)
UNION ALL
SELECT 'courses.rating_sum', course.course_id, course.rating_sum + COALESCE(pending.rating_sum, 0), rated.rating_sum
  FROM courses course JOIN rated USING (course_id) LEFT JOIN pending USING (course_id)
 WHERE course.rating_sum + COALESCE(pending.rating_sum, 0) <> rated.rating_sum
UNION ALL
SELECT 'courses.review_count', course.course_id, course.review_count + COALESCE(pending.reviews, 0), rated.review_count
  FROM courses course JOIN rated USING (course_id) LEFT JOIN pending USING (course_id)
 WHERE course.review_count + COALESCE(pending.reviews, 0) <> rated.review_count
UNION ALL
SELECT 'course_seats.seats_taken', taken.course_id, taken.stored_value, taken.recounted_value
  FROM (SELECT seats.course_id, seats.seats_taken AS stored_value,
               counted.enrolled_students + COALESCE(unpaid.seats, 0) + COALESCE(unsold.seats, 0) AS recounted_value
          FROM course_seats seats JOIN counted USING (course_id)
          LEFT JOIN (SELECT course_id, COUNT(*) AS seats FROM seat_holds GROUP BY course_id) unpaid USING (course_id)
          LEFT JOIN (SELECT course_id, SUM(seats_left) AS seats FROM stock WHERE state = 'open'
                      GROUP BY course_id) unsold USING (course_id)) taken
 WHERE taken.stored_value <> taken.recounted_value
UNION ALL
SELECT 'promotions.uses_count', promotion.promotion_id, promotion.uses_count, COUNT(used.order_id)
  FROM promotions promotion LEFT JOIN promotion_uses used USING (promotion_id)
 GROUP BY promotion.promotion_id
HAVING promotion.uses_count <> COUNT(used.order_id)
UNION ALL
SELECT 'flash_sales.seats_taken', sale.sale_id, sale.seats_taken, sale.max_seats - stock.seats_left
  FROM flash_sales sale JOIN stock USING (sale_id)
 WHERE stock.state = 'folded' AND sale.seats_taken <> sale.max_seats - stock.seats_left
UNION ALL
SELECT 'flash_sales.stock', sale.sale_id, sale.max_seats - stock.seats_left,
       (SELECT COUNT(*) FROM enrollments WHERE flash_sale_id = sale.sale_id)
  FROM flash_sales sale JOIN stock USING (sale_id)
 WHERE sale.max_seats - stock.seats_left < (SELECT COUNT(*) FROM enrollments WHERE flash_sale_id = sale.sale_id);
