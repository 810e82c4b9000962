-- What the main job left out of accounts, catalog, learning and subscriptions.

CREATE TABLE certificates (
  certificate_id  BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which certificate',
  enrollment_id   BIGINT UNSIGNED NOT NULL COMMENT 'What was completed, and by whom',
  code            CHAR(32)        CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT (LOWER(HEX(RANDOM_BYTES(16)))) COMMENT '128 random bits: who knows it may check the certificate (not personal)',
  issued_at       DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  revoked_at      DATETIME(6)     NULL     COMMENT 'UTC; set: it counts no more',
  PRIMARY KEY (certificate_id),
  UNIQUE KEY one_certificate_per_enrollment (enrollment_id),
  UNIQUE KEY one_certificate_per_code (code),
  CONSTRAINT a_certificate_is_of_an_enrollment FOREIGN KEY (enrollment_id) REFERENCES enrollments (enrollment_id),
  CONSTRAINT a_code_cannot_be_guessed CHECK (REGEXP_LIKE(code, '^[0-9a-f]{32}\\z', 'c'))
) COMMENT 'Proof that a course was completed; issued and revoked by triggers';

INSERT INTO certificates (enrollment_id, issued_at)
SELECT enrollment_id, COALESCE(completed_at, UTC_TIMESTAMP(6)) FROM enrollments WHERE status = 'completed';

INSERT INTO error_catalogue (errno, name, message, mend) VALUES
  (30041, 'NO_SUCH_QUIZ',                'there is no quiz {}',              'check the id'),
  (30042, 'BAD_SCORE',                   'score {} is below 0',              'give the points that were reached'),
  (30043, 'ILLEGAL_ENROLLMENT_STATUS',   'enrollment {} is no legal step',   'begin a new enrollment instead'),
  (30044, 'NO_SUCH_PLAN',                'there is no plan {}',              'see subscription_plans'),
  (30045, 'ILLEGAL_SUBSCRIPTION_STATUS', 'subscription {} is no legal step', 'begin a new subscription instead');
