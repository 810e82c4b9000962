-- The procedures stamp the present; this gives each enrollment the day it could have happened on, the newest ones
-- closest together, and moves what follows from it. payment_events are append-only: they keep the moment of seeding.

UPDATE enrollments enrollment
  JOIN (SELECT enrollment_id,
               ROW_NUMBER() OVER (ORDER BY enrollment_id DESC) / COUNT(*) OVER () AS age  -- above 0, the oldest: 1
          FROM enrollments
         WHERE student_id BETWEEN 1011 AND 1050 AND flash_sale_id IS NULL) history USING (enrollment_id)
   SET enrollment.enrolled_at = UTC_TIMESTAMP(6) - INTERVAL POW(age, 1.5) * 160 * 24 * 60 MINUTE;

UPDATE enrollments enrollment
  JOIN (SELECT enrollment_id, ROW_NUMBER() OVER (PARTITION BY flash_sale_id ORDER BY enrollment_id) AS place
          FROM enrollments
         WHERE flash_sale_id IN (301, 302)) buyer USING (enrollment_id)
  JOIN flash_sales sale ON sale.sale_id = enrollment.flash_sale_id
   SET enrollment.enrolled_at = sale.start_time + INTERVAL place * place * 10 MINUTE;

-- A step every day and a half, or faster where there was less time.
UPDATE lesson_progress progress
  JOIN lessons lesson USING (lesson_id)
  JOIN enrollments enrollment
    ON enrollment.student_id = progress.student_id AND enrollment.course_id = lesson.course_id
   AND enrollment.in_force = 1
   SET progress.completed_at = enrollment.enrolled_at + INTERVAL
         lesson.order_index * LEAST(36 * 60, TIMESTAMPDIFF(MINUTE, enrollment.enrolled_at, UTC_TIMESTAMP(6)) DIV 10)
         MINUTE
 WHERE progress.completed AND progress.student_id BETWEEN 1011 AND 1050;

UPDATE section_progress progress
  JOIN lesson_sections section USING (section_id)
  JOIN lessons lesson USING (lesson_id)
  JOIN enrollments enrollment
    ON enrollment.student_id = progress.student_id AND enrollment.course_id = lesson.course_id
   AND enrollment.in_force = 1
   SET progress.completed_at = enrollment.enrolled_at + INTERVAL
         lesson.order_index * LEAST(36 * 60, TIMESTAMPDIFF(MINUTE, enrollment.enrolled_at, UTC_TIMESTAMP(6)) DIV 10)
         - 30 + 10 * section.order_index MINUTE
 WHERE progress.student_id BETWEEN 1011 AND 1050;

UPDATE enrollments enrollment
   SET completed_at = (SELECT MAX(progress.completed_at)
                         FROM lesson_progress progress
                         JOIN lessons lesson USING (lesson_id)
                        WHERE progress.student_id = enrollment.student_id AND lesson.course_id = enrollment.course_id)
 WHERE status = 'completed' AND student_id BETWEEN 1011 AND 1050;

-- Paid within seconds; given back after three days, or half of the time there was.
UPDATE payments payment
  JOIN enrollments enrollment USING (enrollment_id)
   SET payment.created_at   = enrollment.enrolled_at,
       payment.processed_at = enrollment.enrolled_at + INTERVAL 2 SECOND
 WHERE payment.kind = 'charge' AND payment.user_id BETWEEN 1011 AND 1050;

UPDATE payments refund
  JOIN enrollments enrollment USING (enrollment_id)
  JOIN course_access access
    ON access.student_id = enrollment.student_id AND access.course_id = enrollment.course_id
  JOIN (SELECT enrollment_id, enrolled_at + INTERVAL
               LEAST(3 * 24 * 60, TIMESTAMPDIFF(MINUTE, enrolled_at, UTC_TIMESTAMP(6)) DIV 2) MINUTE AS given_back_at
          FROM enrollments) moment USING (enrollment_id)
   SET refund.created_at        = given_back_at,
       refund.processed_at      = given_back_at,
       access.access_expires_at = given_back_at
 WHERE refund.kind = 'refund' AND refund.user_id BETWEEN 1011 AND 1050;

UPDATE course_access access
  JOIN enrollments enrollment
    ON enrollment.student_id = access.student_id AND enrollment.course_id = access.course_id
   AND enrollment.in_force = 1
   SET access.access_expires_at = enrollment.enrolled_at + INTERVAL policy_value('access_months') MONTH
 WHERE access.student_id BETWEEN 1011 AND 1050;

UPDATE receipts receipt
  JOIN payments payment ON payment.transaction_id = receipt.receipt_key
   SET receipt.created_at = payment.created_at
 WHERE payment.user_id BETWEEN 1011 AND 1050;

UPDATE fraud_alerts alert
  JOIN payments payment USING (payment_id)
   SET alert.created_at = payment.created_at
 WHERE alert.user_id BETWEEN 1011 AND 1050;
