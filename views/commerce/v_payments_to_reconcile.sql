-- Money that was taken and bought nothing, or the same thing a second time: refund_payment gives it back.
--
-- What brought no enrollment is a range of an index. The rest is looked for among the charges that triggers have noted: asked
-- of the enrollments, it would be a question to every charge there is.

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
       'NO_ENROLLMENT' AS reason
  FROM payments payment
 WHERE payment.enrollment_id IS NULL AND payment.status = 'completed'
   AND payment.kind = 'charge' AND payment.subscription_id IS NULL
UNION ALL
SELECT payment.payment_id,
       payment.user_id,
       payment.course_id,
       payment.order_id,
       payment.answers,
       payment.amount,
       payment.currency,
       payment.transaction_id,
       payment.processed_at,
       IF(enrollment.status = 'refunded', 'ENROLLMENT_REFUNDED', 'PAID_TWICE')
  FROM payments_to_check noted
  JOIN payments payment ON payment.payment_id = noted.payment_id
  JOIN enrollments enrollment ON enrollment.enrollment_id = payment.enrollment_id
 WHERE payment.status = 'completed' AND payment.kind = 'charge' AND payment.subscription_id IS NULL
   AND (enrollment.status = 'refunded'
        OR EXISTS (SELECT 1 FROM payments earlier
                    WHERE earlier.enrollment_id = payment.enrollment_id AND earlier.payment_id < payment.payment_id
                      AND earlier.kind = 'charge' AND earlier.status = 'completed'));
