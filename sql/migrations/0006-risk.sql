-- Fraud rules, and what they found.

CREATE TABLE fraud_detection_rules (
  rule_id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which rule',
  rule_name       VARCHAR(100)    NOT NULL COMMENT 'For people',
  rule_type       ENUM('velocity','amount','location','pattern') NOT NULL DEFAULT 'amount' COMMENT 'What it looks at',
  rule_condition  JSON            NOT NULL DEFAULT (JSON_OBJECT('metric', 'amount', 'over', 1e9, 'score', 0)) COMMENT '{"metric": M, "over": N, "score": S}: M above N scores S',
  action          ENUM('flag','block','require_verification') NOT NULL DEFAULT 'flag' COMMENT 'block: firing is enough to block',
  created_at      DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  updated_at      DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC, by trigger',
  created_by      VARCHAR(288)    NOT NULL DEFAULT (USER()) COMMENT 'Database account',
  updated_by      VARCHAR(288)    NOT NULL DEFAULT (USER()) COMMENT 'Database account, by trigger',
  PRIMARY KEY (rule_id),
  CONSTRAINT a_condition_has_a_known_metric_a_limit_and_a_score CHECK (JSON_SCHEMA_VALID('{
    "type": "object",
    "required": ["metric", "over", "score"],
    "additionalProperties": false,
    "properties": {
      "metric": {"enum": ["payments_24h", "spent_24h", "amount", "times_average"]},
      "over":   {"type": "number", "minimum": 0, "maximum": 1000000000000},
      "score":  {"type": "integer", "minimum": 0, "maximum": 1000}
    }
  }', rule_condition))
) COMMENT 'What makes a purchase suspicious; a new row takes effect at once';

INSERT INTO fraud_detection_rules (rule_id, rule_name, rule_type, rule_condition, action) VALUES
  (1, 'Many payments in a day',          'velocity', '{"metric": "payments_24h", "over": 5, "score": 50}',  'flag'),
  (2, 'A large amount',                  'amount',   '{"metric": "amount", "over": 500, "score": 30}',      'flag'),
  (3, 'Far above the buyer''s average',  'pattern',  '{"metric": "times_average", "over": 5, "score": 40}', 'flag');

CREATE TABLE fraud_alerts (
  alert_id     BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which alert',
  payment_id   BIGINT UNSIGNED NULL     COMMENT 'The payment it led to; NULL: none was made',
  user_id      BIGINT UNSIGNED NOT NULL COMMENT 'Who',
  rule_id      BIGINT UNSIGNED NOT NULL COMMENT 'What fired',
  alert_level  ENUM('low','medium','high','critical') NOT NULL DEFAULT 'low' COMMENT 'From the score; critical: blocked alone',
  alert_data   JSON            NULL     COMMENT 'The figures: metric, value, over, score, amount',
  status       ENUM('pending','reviewed','false_positive','confirmed_fraud') NOT NULL DEFAULT 'pending' COMMENT 'What a person made of it',
  created_at   DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  reviewed_at  DATETIME(6)     NULL     COMMENT 'UTC',
  reviewed_by  BIGINT UNSIGNED NULL     COMMENT 'The person',
  PRIMARY KEY (alert_id),
  KEY alerts_of_user (user_id, created_at),
  KEY alerts_of_payment (payment_id),
  KEY alerts_by_rule (rule_id),
  KEY alerts_reviewed_by (reviewed_by),
  KEY alerts_to_review (status, created_at),
  CONSTRAINT an_alert_is_about_a_user FOREIGN KEY (user_id) REFERENCES users (user_id),
  CONSTRAINT an_alert_is_about_a_payment FOREIGN KEY (payment_id) REFERENCES payments (payment_id),
  CONSTRAINT an_alert_is_raised_by_a_rule FOREIGN KEY (rule_id) REFERENCES fraud_detection_rules (rule_id),
  CONSTRAINT an_alert_is_reviewed_by_a_user FOREIGN KEY (reviewed_by) REFERENCES users (user_id)
) COMMENT 'One row per rule that fired';
