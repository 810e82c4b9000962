-- What fact_sales is built from and compared with: every charge completed and every refund, archived or not.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW sales_facts AS
SELECT payment.payment_id,
       CAST(payment.processed_at AS DATE) AS date_key,
       payment.processed_at,
       COALESCE(enrollment.course_id, 0) AS course_id,
       payment.user_id,
       payment.kind,
       payment.currency,
       payment.amount,
       COALESCE(item.amount, 0.00) AS instructor_share
  FROM payments payment
  LEFT JOIN enrollments enrollment ON enrollment.enrollment_id = payment.enrollment_id
  LEFT JOIN payout_items item ON item.payment_id = payment.payment_id
 WHERE payment.status IN ('completed', 'refunded')
UNION ALL
SELECT payment.payment_id,
       CAST(payment.processed_at AS DATE),
       payment.processed_at,
       COALESCE(enrollment.course_id, 0),
       payment.user_id,
       payment.kind,
       payment.currency,
       payment.amount,
       COALESCE(item.amount, 0.00)
  FROM payments_history payment
  LEFT JOIN enrollments enrollment ON enrollment.enrollment_id = payment.enrollment_id
  LEFT JOIN payout_items item ON item.payment_id = payment.payment_id
 WHERE payment.status IN ('completed', 'refunded');
