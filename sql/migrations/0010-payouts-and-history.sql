-- What instructors are paid, what is put away by year, and the star that reports look at.

ALTER TABLE course_seats
  ADD COLUMN seats_granted INT UNSIGNED NOT NULL DEFAULT 0
      COMMENT 'Never more seats are taken: the limit, or what was taken already when it was set';
UPDATE course_seats SET seats_granted = GREATEST(seats, seats_taken);

INSERT INTO error_catalogue (errno, name, message, mend) VALUES
  (30060, 'NO_PAYOUT_RATE', 'no payout rate is in force on {}', 'add a row to payout_rates');

CREATE TABLE payout_rates (
  payout_rate_id  BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which rate',
  valid_from      DATE            NOT NULL DEFAULT (UTC_DATE()) COMMENT 'UTC, first day; in force until the next one begins',
  share_percent   DECIMAL(5,2)    NOT NULL DEFAULT 70 COMMENT 'Of a sale, to its instructor',
  created_at      DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  created_by      VARCHAR(288)    NOT NULL DEFAULT (USER()) COMMENT 'Database account',
  PRIMARY KEY (payout_rate_id),
  UNIQUE KEY one_rate_begins_a_day (valid_from),
  CONSTRAINT a_share_is_a_percentage CHECK (share_percent BETWEEN 0 AND 100)
) COMMENT 'The instructor''s share by the day of the sale; a new row changes no sale that was made';

INSERT INTO payout_rates (valid_from, share_percent) VALUES ('2000-01-01', 70);

CREATE TABLE payouts (
  payout_id      BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which batch',
  instructor_id  BIGINT UNSIGNED NOT NULL COMMENT 'Who is paid',
  period_end     DATE            NOT NULL DEFAULT (UTC_DATE()) COMMENT 'UTC, last day',
  currency       CHAR(3)         CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'USD' COMMENT 'ISO 4217',
  amount         DECIMAL(12,2)   NOT NULL COMMENT 'Sum of its items; below 0: more was clawed back than earned',
  items          INT UNSIGNED    NOT NULL DEFAULT 0 COMMENT 'How many they are',
  created_at     DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  PRIMARY KEY (payout_id),
  UNIQUE KEY one_batch_per_instructor_and_period (instructor_id, period_end, currency),
  CONSTRAINT a_payout_is_to_an_instructor FOREIGN KEY (instructor_id) REFERENCES users (user_id)
) COMMENT 'What instructors are paid, one batch per period; by create_payouts';

CREATE TABLE payout_items (
  payment_id     BIGINT UNSIGNED NOT NULL COMMENT 'The charge, or the refund that claws back; no foreign key: it may stand in the history',
  instructor_id  BIGINT UNSIGNED NOT NULL COMMENT 'Who taught the course at the time; no foreign key: it would lock the instructor',
  course_id      BIGINT UNSIGNED NOT NULL COMMENT 'What was sold; no foreign key: as above',
  occurred_at    DATETIME(6)     NOT NULL COMMENT 'UTC; when the charge completed or the money went back',
  gross          DECIMAL(10,2)   NOT NULL COMMENT 'Amount of the payment; below 0 for a refund',
  currency       CHAR(3)         CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'USD' COMMENT 'ISO 4217',
  share_percent  DECIMAL(5,2)    NOT NULL DEFAULT 0 COMMENT 'The rate in force at the sale',
  amount         DECIMAL(10,2)   NOT NULL COMMENT 'The instructor''s share to the cent, half up; a refund''s is minus its charge''s',
  payout_id      BIGINT UNSIGNED NULL     COMMENT 'The batch it was paid in; NULL: not yet',
  PRIMARY KEY (payment_id),
  KEY items_to_pay (instructor_id, payout_id, occurred_at),
  KEY items_of_payout (payout_id),
  CONSTRAINT an_item_is_paid_in_a_batch FOREIGN KEY (payout_id) REFERENCES payouts (payout_id)
) COMMENT 'The instructor''s share of each sale, frozen when it is made; written by triggers';

INSERT INTO payout_items (payment_id, instructor_id, course_id, occurred_at, gross, currency, share_percent, amount)
SELECT payment.payment_id, course.instructor_id, course.course_id, payment.processed_at, payment.amount, payment.currency,
       70, ROUND(payment.amount * 70 / 100, 2)
  FROM payments payment
  JOIN enrollments enrollment ON enrollment.enrollment_id = payment.enrollment_id
  JOIN courses course ON course.course_id = enrollment.course_id
 WHERE payment.status IN ('completed', 'refunded');
