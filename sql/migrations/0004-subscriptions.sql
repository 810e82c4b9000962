-- Plans, who is on them, and every period paid.

CREATE TABLE subscription_plans (
  plan_type   ENUM('monthly','annual') NOT NULL COMMENT 'Which plan',
  price       DECIMAL(10,2)    NOT NULL COMMENT 'In USD, per period',
  months      TINYINT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'Length of a period',
  created_at  DATETIME(6)      NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  updated_at  DATETIME(6)      NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC, by trigger',
  created_by  VARCHAR(288)     NOT NULL DEFAULT (USER()) COMMENT 'Database account',
  updated_by  VARCHAR(288)     NOT NULL DEFAULT (USER()) COMMENT 'Database account, by trigger',
  PRIMARY KEY (plan_type),
  CONSTRAINT a_plan_costs_something CHECK (price > 0),
  CONSTRAINT a_period_has_months CHECK (months > 0)
) COMMENT 'What a subscription costs';

INSERT INTO subscription_plans (plan_type, price, months) VALUES ('monthly', 29.00, 1), ('annual', 290.00, 12);

CREATE TABLE subscriptions (
  subscription_id       BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which subscription',
  user_id               BIGINT UNSIGNED NOT NULL COMMENT 'Who',
  plan_type             ENUM('monthly','annual') NOT NULL COMMENT 'What',
  status                ENUM('active','cancelled','expired','past_due') NOT NULL DEFAULT 'active' COMMENT 'past_due: the last renewal failed',
  start_date            DATE            NOT NULL COMMENT 'UTC; its day of the month is the anchor of every period',
  current_period_end    DATE            NOT NULL COMMENT 'UTC; paid until here',
  next_billing_date     DATE            NOT NULL COMMENT 'UTC; due from here on',
  cancel_at_period_end  BOOLEAN         NOT NULL DEFAULT FALSE COMMENT 'Ends with the period instead of being renewed',
  created_at            DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  PRIMARY KEY (subscription_id),
  KEY subscriptions_due (status, next_billing_date),
  KEY subscriptions_of_user (user_id),
  KEY subscriptions_by_start (start_date),
  KEY subscriptions_on_plan (plan_type),
  CONSTRAINT a_subscription_is_of_a_user FOREIGN KEY (user_id) REFERENCES users (user_id),
  CONSTRAINT a_subscription_is_on_a_plan FOREIGN KEY (plan_type) REFERENCES subscription_plans (plan_type)
) COMMENT 'Who pays every month or year';

CREATE TABLE subscription_payments (
  payment_id            BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which payment',
  subscription_id       BIGINT UNSIGNED NOT NULL COMMENT 'For what',
  amount                DECIMAL(10,2)   NOT NULL COMMENT 'In USD',
  billing_period_start  DATE            NOT NULL COMMENT 'UTC, first day',
  billing_period_end    DATE            NOT NULL COMMENT 'UTC, first day of the next period',
  status                ENUM('pending','completed','failed') NOT NULL DEFAULT 'pending' COMMENT 'How it went',
  retry_count           INT UNSIGNED    NOT NULL DEFAULT 0 COMMENT 'Tries of this period after the first one',
  created_at            DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  PRIMARY KEY (payment_id),
  UNIQUE KEY a_period_is_paid_at_most_once (subscription_id, billing_period_start, status),
  CONSTRAINT a_payment_is_for_a_subscription FOREIGN KEY (subscription_id) REFERENCES subscriptions (subscription_id),
  CONSTRAINT a_subscription_payment_is_above_zero CHECK (amount > 0),
  CONSTRAINT a_period_ends_after_it_starts CHECK (billing_period_end > billing_period_start)
) COMMENT 'One completed row per period paid; a failed one beside it counts the tries';
