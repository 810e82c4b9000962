-- What the business looks at every morning.

CREATE TABLE daily_revenue_summary (
  summary_date        DATE          NOT NULL COMMENT 'A UTC day',
  total_revenue       DECIMAL(14,2) NOT NULL DEFAULT 0 COMMENT 'Gross: charges completed that day, refunded later or not',
  total_transactions  INT UNSIGNED  NOT NULL DEFAULT 0 COMMENT 'How many charges that were',
  new_enrollments     INT UNSIGNED  NOT NULL DEFAULT 0 COMMENT 'Enrollments begun that day',
  new_subscriptions   INT UNSIGNED  NOT NULL DEFAULT 0 COMMENT 'Subscriptions that start that day',
  refund_amount       DECIMAL(14,2) NOT NULL DEFAULT 0 COMMENT 'What was paid back that day, above 0',
  updated_at          DATETIME(6)   NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  PRIMARY KEY (summary_date)
) COMMENT 'One row per UTC day, by summarize_daily_revenue';
