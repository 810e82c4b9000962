-- Accounts, and the two tables every procedure reads: the policies and the errors.

ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci;

CREATE TABLE users (
  user_id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Who',
  name             VARCHAR(100)    NOT NULL                COMMENT 'Display name (personal)',
  email            VARCHAR(255)    COLLATE utf8mb4_0900_as_ci NOT NULL COMMENT 'Login; deleted_<id>@deleted.com once deleted (personal)',
  user_type        ENUM('student','instructor','admin') NOT NULL DEFAULT 'student' COMMENT 'What the person mainly does here; anybody may buy',
  password_hash    VARCHAR(255)    CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'bcrypt or argon2, never a password; NULL: signs in elsewhere (personal)',
  deleted_at       DATETIME(6)     NULL                    COMMENT 'UTC; set: the person can do nothing more',
  deletion_reason  VARCHAR(500)    NULL                    COMMENT 'Why, in the words of who asked (personal)',
  payments_changed_at  DATETIME(6) NULL                    COMMENT 'UTC; when a payment of theirs last changed, by trigger: tells that a snapshot is old',
  created_at       DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  updated_at       DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC, by trigger',
  PRIMARY KEY (user_id),
  UNIQUE KEY one_account_per_email (email),
  CONSTRAINT deleted_addresses_are_for_the_deleted CHECK (deleted_at IS NOT NULL OR email NOT LIKE 'deleted\_%@deleted.com'),
  CONSTRAINT a_password_is_hashed CHECK (
    REGEXP_LIKE(password_hash, '^[$]2[aby][$][0-9]{2}[$][./A-Za-z0-9]{53}\\z', 'c')
    OR REGEXP_LIKE(password_hash, '^[$]argon2(id|i|d)[$]v=[0-9]+[$]m=[0-9]+,t=[0-9]+,p=[0-9]+[$][A-Za-z0-9+/]+[$][A-Za-z0-9+/]+\\z', 'c')
  )
) COMMENT 'People: students, instructors, admins';

CREATE TABLE instructor_accounts (
  account       VARCHAR(288)    CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'Database account as name@host, the host a pattern as in GRANT',
  user_id       BIGINT UNSIGNED NOT NULL COMMENT 'The instructor it belongs to',
  account_name  VARCHAR(288)    CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
                AS (IF(INSTR(account, '@'), LEFT(account, CHAR_LENGTH(account) - CHAR_LENGTH(SUBSTRING_INDEX(account, '@', -1)) - 1), account)) STORED NOT NULL COMMENT 'Before the last @',
  account_host  VARCHAR(288)    CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
                AS (IF(INSTR(account, '@'), SUBSTRING_INDEX(account, '@', -1), '%')) STORED NOT NULL COMMENT 'Behind the last @; % where none is given',
  created_at    DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  PRIMARY KEY (account, user_id),
  KEY accounts_by_name (account_name),
  KEY accounts_of_instructor (user_id),
  CONSTRAINT an_account_belongs_to_a_user FOREIGN KEY (user_id) REFERENCES users (user_id)
) COMMENT 'Which database account is which instructor';

CREATE TABLE erasure_log (
  erasure_id    BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which erasure',
  user_id       BIGINT UNSIGNED NOT NULL COMMENT 'Who was erased; the id alone',
  requested_by  VARCHAR(288)    NOT NULL DEFAULT (USER()) COMMENT 'On whose request',
  reason        VARCHAR(500)    NULL     COMMENT 'Why',
  kept          JSON            NULL     COMMENT 'What was kept and the duty to keep it',
  erased_at     DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  PRIMARY KEY (erasure_id),
  KEY erasures_of_user (user_id)
) COMMENT 'Proof that somebody was forgotten';

CREATE TABLE policies (
  name         VARCHAR(64)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'What a procedure asks for',
  value        DECIMAL(12,2) NOT NULL DEFAULT 0 COMMENT 'The number in force',
  description  VARCHAR(200)  NOT NULL DEFAULT '' COMMENT 'What it does, with its unit',
  created_at   DATETIME(6)   NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  updated_at   DATETIME(6)   NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC, by trigger',
  created_by   VARCHAR(288)  NOT NULL DEFAULT (USER()) COMMENT 'Database account',
  updated_by   VARCHAR(288)  NOT NULL DEFAULT (USER()) COMMENT 'Database account, by trigger',
  PRIMARY KEY (name)
) COMMENT 'Numbers a business changes; read by the procedures, written nowhere else';

INSERT INTO policies (name, value, description) VALUES
  ('refund_window_days',     30,   'A purchase can be refunded for this many days'),
  ('refund_progress_limit',  20,   'Percent of a course that may be done before a refund is refused'),
  ('access_months',          12,   'How long a purchase gives access'),
  ('fraud_block_score',      100,  'A purchase whose fraud score reaches this is blocked'),
  ('progress_batch_limit',   5000, 'Most entries in one record_progress call'),
  ('flash_sale_slots',       128,  'Rows over which the stock of a new flash sale is spread');

CREATE TABLE error_catalogue (
  errno    SMALLINT UNSIGNED NOT NULL COMMENT 'MYSQL_ERRNO of the SIGNAL',
  name     VARCHAR(40)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'Word for programs',
  message  VARCHAR(100) NOT NULL COMMENT 'What is wrong; {} stands for who or which',
  mend     VARCHAR(100) NOT NULL COMMENT 'What the caller does about it',
  PRIMARY KEY (errno),
  UNIQUE KEY one_error_per_name (name),
  CONSTRAINT an_errno_fits_every_driver CHECK (errno BETWEEN 30000 AND 32767)
) COMMENT 'Every error a procedure or trigger raises itself, SQLSTATE 45000';

INSERT INTO error_catalogue (errno, name, message, mend) VALUES
  (30001, 'MISSING_ARGUMENT',      '{} is NULL or empty',                          'give a value'),
  (30002, 'NO_SUCH_USER',          'there is no user {}',                          'check the id'),
  (30003, 'USER_DELETED',          'user {} is deleted',                           'a deleted user can do nothing more'),
  (30004, 'NO_SUCH_COURSE',        'there is no course {}',                        'check the id'),
  (30005, 'KEY_REUSED',            'key {} was used with other arguments',         'use a new key'),
  (30006, 'RESERVED_KEY',          'transaction id {} is reserved for refunds',    'do not begin it with refund_'),
  (30007, 'UNKNOWN_METHOD',        'unknown payment method {}',                    'credit_card, paypal, stripe or bank_transfer'),
  (30008, 'BAD_AMOUNT',            'amount {} is not above 0',                     'give a positive amount'),
  (30009, 'IN_TRANSACTION',        '{} commits as it goes',                        'call it outside a transaction'),
  (30010, 'ALREADY_ARCHIVED',      'course {} is archived already',                'nothing to do'),
  (30011, 'NO_SUCH_POLICY',        'there is no policy {}',                        'add the row to policies'),
  (30012, 'NO_SUCH_SUBSCRIPTION',  'there is no subscription {}',                  'check the id'),
  (30013, 'NOT_RENEWABLE',         'subscription {} is not active',                'renew only active or past_due ones'),
  (30014, 'NOT_DUE',               'subscription {} is not due yet',               'wait for its next_billing_date'),
  (30015, 'CANCELS_AT_PERIOD_END', 'subscription {} ends with its period',         'it is not renewed'),
  (30016, 'BAD_PROGRESS',          'progress update refused: {}',                  'nothing was stored; correct the batch'),
  (30017, 'NOT_ENROLLED',          'not enrolled in the course of {}',             'report only what the student is enrolled in'),
  (30018, 'PREREQUISITE_CYCLE',    'course {} would become its own prerequisite',  'leave one of the links out'),
  (30019, 'SEATS_NOT_FREE',        'course {} has not that many free seats',       'a smaller sale or a higher max_students'),
  (30020, 'SEATS_ALREADY_SOLD',    'sale {} has sold more seats than that',        'a higher max_seats'),
  (30021, 'FIXED_ONCE_STORED',     '{} cannot be changed',                         'add a new row instead'),
  (30022, 'APPEND_ONLY',           '{} is append-only',                            'add a new row instead'),
  (30023, 'BAD_REFUND',            'refund {} does not match its charge',          'same user and currency, minus the amount'),
  (30024, 'SALE_HAS_BUYERS',       'sale {} has buyers',                           'let it end instead'),
  (30040, 'COURSE_HAS_STUDENTS',   'course {} has enrollments',                    'archive it instead');

CREATE TABLE mutexes (
  name         VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'What is done by one transaction at a time',
  description  VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'Why no row of its own can be locked',
  PRIMARY KEY (name)
) COMMENT 'Rows to lock where a rule spans rows that do not exist yet';

INSERT INTO mutexes (name, description) VALUES
  ('course_prerequisites', 'Two links stored at once could close a cycle that neither of them sees');
