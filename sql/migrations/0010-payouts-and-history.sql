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
  currency       CHAR(3)         CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'USD' COMMENT 'ISO 4217 (not personal)',
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
  currency       CHAR(3)         CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'USD' COMMENT 'ISO 4217 (not personal)',
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

INSERT INTO error_catalogue (errno, name, message, mend) VALUES
  (30061, 'BAD_BATCH', 'a batch of {} is out of range', 'give 1 to 10000'),
  (30062, 'BAD_YEARS', '{} years are out of range',     'give 0 to 50 ahead, 1 to 100 to keep');

-- No foreign key: the payment may stand in the history.
ALTER TABLE fraud_alerts DROP FOREIGN KEY an_alert_is_about_a_payment;

CREATE TABLE payment_keys (
  key_type     ENUM('transaction_id','idempotency_key') NOT NULL COMMENT 'Which column of payments it was in',
  payment_key  VARCHAR(120)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'The gateway''s id or the caller''s key (not personal)',
  payment_id   BIGINT UNSIGNED NOT NULL COMMENT 'Whose it was; no foreign key: the payment may stand in the history, or be dropped from it',
  PRIMARY KEY (key_type, payment_key),
  KEY keys_of_payment (payment_id)
) COMMENT 'Every transaction id and idempotency key ever used, for good: an old one charges nothing again; by trigger';

INSERT INTO payment_keys (key_type, payment_key, payment_id)
SELECT 'transaction_id', transaction_id, payment_id FROM payments WHERE transaction_id IS NOT NULL
UNION ALL
SELECT 'idempotency_key', idempotency_key, payment_id FROM payments WHERE idempotency_key IS NOT NULL;

CREATE TABLE payments_history (
  payment_id            BIGINT UNSIGNED NOT NULL COMMENT 'As in payments',
  charged_at            DATETIME(6)     NOT NULL COMMENT 'UTC; when the charge was created, a refund''s charge: decides the partition',
  user_id               BIGINT UNSIGNED NOT NULL COMMENT 'As in payments',
  enrollment_id         BIGINT UNSIGNED NULL     COMMENT 'As in payments',
  subscription_id       BIGINT UNSIGNED NULL     COMMENT 'As in payments',
  order_id              BIGINT UNSIGNED NULL     COMMENT 'As in payments',
  kind                  ENUM('charge','refund') NOT NULL DEFAULT 'charge' COMMENT 'As in payments',
  amount                DECIMAL(10,2)   NOT NULL COMMENT 'As in payments',
  currency              CHAR(3)         CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'USD' COMMENT 'As in payments (not personal)',
  payment_method        ENUM('credit_card','paypal','stripe','bank_transfer') NOT NULL DEFAULT 'credit_card' COMMENT 'As in payments',
  payment_method_token  VARCHAR(255)    CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'As in payments (personal)',
  payment_gateway       VARCHAR(50)     NULL     COMMENT 'As in payments (not personal)',
  status                ENUM('pending','completed','failed','refunded') NOT NULL DEFAULT 'completed' COMMENT 'As in payments',
  transaction_id        VARCHAR(120)    CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'As in payments (not personal)',
  idempotency_key       VARCHAR(120)    CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'As in payments (not personal)',
  refund_of             BIGINT UNSIGNED NULL     COMMENT 'As in payments',
  created_at            DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC, as in payments',
  processed_at          DATETIME(6)     NULL     COMMENT 'UTC, as in payments',
  course_id             BIGINT UNSIGNED NULL     COMMENT 'As in payments',
  answers               BIGINT UNSIGNED NULL     COMMENT 'As in payments',
  reason                VARCHAR(500)    NULL     COMMENT 'As in payments (personal)',
  archived_at           DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC; when it was moved here',
  PRIMARY KEY (payment_id, charged_at),
  KEY archived_payments_by_day (processed_at),
  KEY archived_payments_of_user (user_id),
  KEY archived_payments_of_enrollment (enrollment_id),
  KEY archived_payments_of_order (order_id)
) COMMENT 'Closed payments by the year of the charge; moved here by archive_payments, dropped by maintain_partitions'
PARTITION BY RANGE COLUMNS (charged_at) (
  PARTITION p2023 VALUES LESS THAN ('2024-01-01'),
  PARTITION p2024 VALUES LESS THAN ('2025-01-01'),
  PARTITION p2025 VALUES LESS THAN ('2026-01-01'),
  PARTITION p2026 VALUES LESS THAN ('2027-01-01'),
  PARTITION p2027 VALUES LESS THAN ('2028-01-01')
);

CREATE TABLE payment_events_history (
  event_id     BIGINT UNSIGNED NOT NULL COMMENT 'As in payment_events',
  charged_at   DATETIME(6)     NOT NULL COMMENT 'UTC; as of its payment in payments_history: decides the partition',
  payment_id   BIGINT UNSIGNED NOT NULL COMMENT 'As in payment_events',
  event_type   ENUM('initiated','payment_gateway_called','payment_gateway_success','payment_gateway_failed','enrollment_created','completion_confirmed','refunded','failed') NOT NULL DEFAULT 'initiated' COMMENT 'As in payment_events',
  event_data   JSON            NULL     COMMENT 'As in payment_events (not personal)',
  created_at   DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC, as in payment_events',
  PRIMARY KEY (event_id, charged_at),
  KEY archived_events_of_payment (payment_id)
) COMMENT 'What happened to closed payments; append-only, dropped with the year of their charge'
PARTITION BY RANGE COLUMNS (charged_at) (
  PARTITION p2023 VALUES LESS THAN ('2024-01-01'),
  PARTITION p2024 VALUES LESS THAN ('2025-01-01'),
  PARTITION p2025 VALUES LESS THAN ('2026-01-01'),
  PARTITION p2026 VALUES LESS THAN ('2027-01-01'),
  PARTITION p2027 VALUES LESS THAN ('2028-01-01')
);

CREATE TABLE dim_date (
  date_key      DATE              NOT NULL COMMENT 'A UTC day',
  year          SMALLINT UNSIGNED AS (YEAR(date_key)) STORED NOT NULL COMMENT 'Its year',
  quarter       TINYINT UNSIGNED  AS (QUARTER(date_key)) STORED NOT NULL COMMENT '1 to 4',
  month         TINYINT UNSIGNED  AS (MONTH(date_key)) STORED NOT NULL COMMENT '1 to 12',
  day_of_week   TINYINT UNSIGNED  AS (WEEKDAY(date_key) + 1) STORED NOT NULL COMMENT '1 Monday to 7 Sunday',
  refreshed_at  DATETIME(6)       NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC; when its facts were last built',
  PRIMARY KEY (date_key)
) COMMENT 'Star: the days whose facts were built';

CREATE TABLE dim_course (
  course_id      BIGINT UNSIGNED NOT NULL COMMENT 'As in courses; 0: a payment for no course',
  title          VARCHAR(200)    NOT NULL COMMENT 'As in courses when a day of it was last built (not personal)',
  level          ENUM('beginner','intermediate','advanced') NULL COMMENT 'As in courses',
  instructor_id  BIGINT UNSIGNED NULL     COMMENT 'As in courses',
  PRIMARY KEY (course_id)
) COMMENT 'Star: what was sold';

INSERT INTO dim_course (course_id, title) VALUES (0, 'No course');

CREATE TABLE dim_user (
  user_id    BIGINT UNSIGNED NOT NULL COMMENT 'As in users',
  user_type  ENUM('student','instructor','admin') NOT NULL DEFAULT 'student' COMMENT 'As in users',
  joined_on  DATE            NOT NULL DEFAULT (UTC_DATE()) COMMENT 'UTC day of created_at',
  PRIMARY KEY (user_id)
) COMMENT 'Star: who bought; nothing personal';

CREATE TABLE fact_sales (
  payment_id        BIGINT UNSIGNED NOT NULL COMMENT 'One fact per charge completed and per refund; no foreign key: it may stand in the history',
  date_key          DATE            NOT NULL COMMENT 'UTC day on which it was processed',
  course_id         BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'What was sold',
  user_id           BIGINT UNSIGNED NOT NULL COMMENT 'Who bought',
  kind              ENUM('charge','refund') NOT NULL DEFAULT 'charge' COMMENT 'As in payments',
  currency          CHAR(3)         CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'USD' COMMENT 'ISO 4217 (not personal)',
  amount            DECIMAL(10,2)   NOT NULL COMMENT 'Below 0 for a refund: facts add up to what stayed',
  instructor_share  DECIMAL(10,2)   NOT NULL DEFAULT 0 COMMENT 'As in payout_items',
  PRIMARY KEY (payment_id),
  KEY facts_of_day (date_key),
  KEY facts_of_course (course_id, date_key),
  KEY facts_of_user (user_id),
  CONSTRAINT a_fact_is_of_a_day FOREIGN KEY (date_key) REFERENCES dim_date (date_key),
  CONSTRAINT a_fact_is_about_a_course FOREIGN KEY (course_id) REFERENCES dim_course (course_id),
  CONSTRAINT a_fact_is_about_a_user FOREIGN KEY (user_id) REFERENCES dim_user (user_id)
) COMMENT 'Star: what was sold and given back, by day; by refresh_star';
