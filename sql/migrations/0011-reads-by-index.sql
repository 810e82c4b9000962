-- Reads that stay as small as what they are about, however large the tables grow.

-- Which charges may stand without buying anything cannot be asked of an index, so it is written down when it happens.
CREATE TABLE payments_to_check (
  payment_id  BIGINT UNSIGNED NOT NULL COMMENT 'A charge that came for an enrollment that was paid for or refunded; no foreign key: it may stand in the history',
  noted_at    DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  PRIMARY KEY (payment_id)
) COMMENT 'Where v_payments_to_reconcile looks for an enrollment paid twice or refunded; by trigger, few';

INSERT INTO payments_to_check (payment_id)
SELECT payment.payment_id
  FROM payments payment
  JOIN enrollments enrollment ON enrollment.enrollment_id = payment.enrollment_id
 WHERE payment.kind = 'charge' AND payment.status = 'completed'
   AND (enrollment.status = 'refunded'
        OR EXISTS (SELECT 1 FROM payments other
                    WHERE other.enrollment_id = payment.enrollment_id AND other.payment_id <> payment.payment_id
                      AND other.kind = 'charge'));

-- Which of an enrollment's charges stand, and which of those without one.
ALTER TABLE payments
  DROP KEY payments_of_enrollment,
  ADD KEY payments_of_enrollment (enrollment_id, status);

-- The open items of the days to pay, not those of today.
ALTER TABLE payout_items
  DROP KEY items_of_payout,
  ADD KEY items_of_payout (payout_id, occurred_at);

-- Nothing reads these two: keys are found by the key, alerts by their user.
ALTER TABLE payment_keys DROP KEY keys_of_payment;
ALTER TABLE fraud_alerts DROP KEY alerts_of_payment;

-- Access that has ended stays for good, and most of it is of no more interest to expire_access.
ALTER TABLE course_access
  ADD COLUMN has_ended BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'expire_access has seen its end; another end begins anew, by trigger';

UPDATE course_access access
  LEFT JOIN enrollments enrollment
    ON enrollment.student_id = access.student_id AND enrollment.course_id = access.course_id AND enrollment.in_force = 1
   SET access.has_ended = TRUE
 WHERE access.access_expires_at <= UTC_TIMESTAMP(6) AND NOT enrollment.status <=> 'active';

ALTER TABLE course_access
  DROP KEY access_by_end,
  ADD KEY access_to_end (has_ended, access_expires_at);
