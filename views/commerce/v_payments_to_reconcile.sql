-- Money that was taken and bought nothing, or the same thing a second time: refund_payment gives it back.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW v_payments_to_reconcile AS
SELECT payment.payment_id,
       payment.user_id,
       payment.course_id,
       payment.order_id,
       payment.answers,
       payment.amount,
       payment.currency,
       payment.transaction_id,
       payment.processed_at,
       CASE WHEN payment.enrollment_id IS NULL THEN 'NO_ENROLLMENT'
            WHEN enrollment.status = 'refunded' THEN 'ENROLLMENT_REFUNDED'
            ELSE 'PAID_TWICE' END AS reason
  FROM payments payment
  LEFT JOIN enrollments enrollment ON enrollment.enrollment_id = payment.enrollment_id
 WHERE payment.kind = 'charge' AND payment.status = 'completed' AND payment.subscription_id IS NULL
   AND (payment.enrollment_id IS NULL
        OR enrollment.status = 'refunded'
        OR EXISTS (SELECT 1 FROM payments earlier
                    WHERE earlier.enrollment_id = payment.enrollment_id AND earlier.payment_id < payment.payment_id
                      AND earlier.kind = 'charge' AND earlier.status = 'completed')
        OR EXISTS (SELECT 1 FROM payments_history earlier
                    WHERE earlier.enrollment_id = payment.enrollment_id
                      AND earlier.kind = 'charge' AND earlier.status = 'completed'));
