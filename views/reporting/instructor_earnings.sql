-- What each course of each instructor has brought in: gross of completed and refunded charges, and what went back.
--
-- Payments and counters are brought together per course, never joined with each other: a join would count each payment
-- once per review. What is archived counts as what is not.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW instructor_earnings AS
SELECT catalog.instructor_id,
       catalog.instructor_name,
       catalog.course_id,
       catalog.title AS course_title,
       catalog.total_enrollments,
       COALESCE(money.total_revenue, 0.00) AS total_revenue,
       COALESCE(money.refunded, 0.00) AS refunded,
       catalog.avg_rating AS average_rating,
       catalog.review_count
  FROM course_catalog catalog
  LEFT JOIN LATERAL (
       SELECT SUM(IF(payment.kind = 'charge', payment.amount, 0)) AS total_revenue,
              SUM(IF(payment.kind = 'refund', -payment.amount, 0)) AS refunded
         FROM enrollments enrollment
         JOIN LATERAL (
              SELECT kind, amount FROM payments
               WHERE enrollment_id = enrollment.enrollment_id AND status IN ('completed', 'refunded')
               UNION ALL
              SELECT kind, amount FROM payments_history
               WHERE enrollment_id = enrollment.enrollment_id AND status IN ('completed', 'refunded')) payment
        WHERE enrollment.course_id = catalog.course_id) money ON TRUE;
