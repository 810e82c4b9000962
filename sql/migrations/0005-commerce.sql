-- Money: charges, refunds, what happened to each, and what a repeated call returns.

CREATE TABLE payments (
  payment_id            BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which payment',
  user_id               BIGINT UNSIGNED NOT NULL COMMENT 'Who pays or is paid back',
  enrollment_id         BIGINT UNSIGNED NULL     COMMENT 'What it paid for',
  subscription_id       BIGINT UNSIGNED NULL     COMMENT 'What it paid for',
  order_id              BIGINT UNSIGNED NULL     COMMENT 'The order it belongs to',
  kind                  ENUM('charge','refund') NOT NULL DEFAULT 'charge' COMMENT 'Which way the money goes',
  amount                DECIMAL(10,2)   NOT NULL COMMENT 'Above 0 for a charge, below for a refund',
  currency              CHAR(3)         CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'USD' COMMENT 'ISO 4217',
  payment_method        ENUM('credit_card','paypal','stripe','bank_transfer') NOT NULL DEFAULT 'credit_card' COMMENT 'How',
  payment_method_token  VARCHAR(255)    CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'The gateway''s token, never card data (personal)',
  payment_gateway       VARCHAR(50)     NULL     COMMENT 'Through whom',
  status                ENUM('pending','completed','failed','refunded') NOT NULL DEFAULT 'pending' COMMENT 'How it went',
  transaction_id        VARCHAR(120)    CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'The gateway''s id; refund_<id of the charge> for a refund',
  idempotency_key       VARCHAR(120)    CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'The caller''s key',
  refund_of             BIGINT UNSIGNED NULL     COMMENT 'The charge that a refund gives back',
  created_at            DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  processed_at          DATETIME(6)     NULL     COMMENT 'UTC; when it left pending',
  PRIMARY KEY (payment_id),
  UNIQUE KEY one_payment_per_transaction (transaction_id),
  UNIQUE KEY one_payment_per_key (idempotency_key),
  UNIQUE KEY a_charge_is_refunded_at_most_once (refund_of),
  KEY payments_of_user (user_id, created_at),
  KEY payments_of_enrollment (enrollment_id),
  KEY payments_of_subscription (subscription_id),
  KEY payments_by_day (processed_at),
  CONSTRAINT a_payment_is_by_a_user FOREIGN KEY (user_id) REFERENCES users (user_id),
  CONSTRAINT a_payment_is_for_an_enrollment FOREIGN KEY (enrollment_id) REFERENCES enrollments (enrollment_id),
  CONSTRAINT a_charge_is_for_a_subscription FOREIGN KEY (subscription_id) REFERENCES subscriptions (subscription_id),
  CONSTRAINT a_refund_names_its_charge FOREIGN KEY (refund_of) REFERENCES payments (payment_id),
  CONSTRAINT a_charge_leaves_room_for_its_refunds_id CHECK (kind <> 'charge' OR CHAR_LENGTH(transaction_id) <= 113),
  CONSTRAINT a_charge_is_above_zero CHECK (kind <> 'charge' OR (amount > 0 AND refund_of IS NULL)),
  CONSTRAINT a_refund_is_below_zero CHECK (kind <> 'refund' OR (amount < 0 AND refund_of IS NOT NULL))
) COMMENT 'Charges and refunds; no card data';

CREATE TABLE payment_events (
  event_id    BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which event',
  payment_id  BIGINT UNSIGNED NOT NULL COMMENT 'Of which payment',
  event_type  ENUM('initiated','payment_gateway_called','payment_gateway_success','payment_gateway_failed','enrollment_created','completion_confirmed','refunded','failed') NOT NULL DEFAULT 'initiated' COMMENT 'What happened',
  event_data  JSON            NULL     COMMENT 'Ids and amounts only',
  created_at  DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  PRIMARY KEY (event_id),
  KEY events_of_payment (payment_id),
  CONSTRAINT an_event_is_of_a_payment FOREIGN KEY (payment_id) REFERENCES payments (payment_id)
) COMMENT 'What happened to a payment, in order; append-only';

CREATE TABLE receipts (
  operation         VARCHAR(40)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'The procedure',
  receipt_key       VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'The caller''s transaction id or key',
  arguments_sha256  CHAR(64)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'Of the other arguments',
  outcome           JSON         NULL COMMENT 'What the first call returned and a repeated one returns',
  created_at        DATETIME(6)  NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  PRIMARY KEY (operation, receipt_key)
) COMMENT 'What a repeated call returns; written with what it speaks of';
