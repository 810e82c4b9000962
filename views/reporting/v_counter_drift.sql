-- Every counter that does not equal a recount: no row, all is well. What is not folded yet counts as right.
-- Counted per row by index, so that a condition on row_id is met before anything is counted. Long expressions have names:
-- a dump could not be restored with those that the server gives them.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW v_counter_drift AS
SELECT counters.counter, course.course_id AS row_id, counters.stored_value, counters.recounted_value
  FROM courses course
  LEFT JOIN course_seats limited ON limited.course_id = course.course_id
  JOIN LATERAL (SELECT COUNT(in_force) AS in_force, COUNT(*) AS total, MAX(enrolled_at) AS newest
                  FROM enrollments WHERE course_id = course.course_id) enrolled
  JOIN LATERAL (SELECT COALESCE(SUM(rating), 0) AS rating_sum, COUNT(*) AS reviews
                  FROM reviews WHERE course_id = course.course_id) rated
  JOIN LATERAL (SELECT COUNT(*) AS deltas, COALESCE(SUM(enrolled), 0) AS enrolled, COALESCE(SUM(total), 0) AS total,
                       COALESCE(SUM(rating_sum), 0) AS rating_sum, COALESCE(SUM(reviews), 0) AS reviews
                  FROM course_deltas WHERE course_id = course.course_id) pending
  JOIN LATERAL (SELECT COUNT(*) AS seats FROM seat_holds WHERE course_id = course.course_id) held
  JOIN LATERAL (SELECT COALESCE(SUM(stock.seats_left), 0) AS seats
                  FROM flash_sale_terms terms JOIN flash_sale_stock stock ON stock.sale_id = terms.sale_id
                 WHERE terms.course_id = course.course_id AND terms.state = 'open') unsold
  JOIN LATERAL (SELECT 'courses.enrolled_students' AS counter,
                       CAST(course.enrolled_students + pending.enrolled AS CHAR) AS stored_value,
                       CAST(enrolled.in_force AS CHAR) AS recounted_value
                 UNION ALL
                SELECT 'courses.total_enrollments', course.total_enrollments + pending.total, enrolled.total
                 UNION ALL
                SELECT 'courses.last_enrollment_date',
                       IF(pending.deltas > 0, enrolled.newest, course.last_enrollment_date) AS stored_value,
                       enrolled.newest
                 UNION ALL
                SELECT 'courses.rating_sum', course.rating_sum + pending.rating_sum, rated.rating_sum
                 UNION ALL
                SELECT 'courses.review_count', course.review_count + pending.reviews, rated.reviews
                 UNION ALL
                SELECT 'course_seats.seats_taken', limited.seats_taken,
                       IF(limited.course_id IS NULL, NULL, enrolled.in_force + held.seats + unsold.seats)
                         AS recounted_value) counters
 WHERE NOT counters.stored_value <=> counters.recounted_value
UNION ALL
SELECT 'promotions.uses_count', promotion.promotion_id, promotion.uses_count, used.uses
  FROM promotions promotion
  JOIN LATERAL (SELECT COUNT(*) AS uses FROM promotion_uses WHERE promotion_id = promotion.promotion_id) used
 WHERE promotion.uses_count <> used.uses
UNION ALL
SELECT counters.counter, sale.sale_id, counters.stored_value, counters.recounted_value
  FROM flash_sales sale
  JOIN flash_sale_terms terms ON terms.sale_id = sale.sale_id
  JOIN LATERAL (SELECT sale.max_seats - COALESCE(SUM(seats_left), 0) AS seats
                  FROM flash_sale_stock WHERE sale_id = sale.sale_id) gone
  JOIN LATERAL (SELECT COUNT(*) AS seats
                  FROM enrollments WHERE course_id = sale.course_id AND flash_sale_id = sale.sale_id) sold
  JOIN LATERAL (SELECT 'flash_sales.seats_taken' AS counter, sale.seats_taken AS stored_value,
                       IF(terms.state = 'folded', gone.seats, sale.seats_taken) AS recounted_value
                 UNION ALL
                SELECT 'flash_sales.stock', gone.seats, GREATEST(gone.seats, sold.seats)) counters
 WHERE counters.stored_value <> counters.recounted_value;
