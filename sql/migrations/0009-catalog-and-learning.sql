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

CREATE TABLE categories (
  category_id  BIGINT UNSIGNED  NOT NULL AUTO_INCREMENT COMMENT 'Which category',
  parent_id    BIGINT UNSIGNED  NULL     COMMENT 'The one above; NULL: none. Changed by move_category alone',
  name         VARCHAR(100)     NOT NULL COMMENT 'Shown in the shop (not personal)',
  slug         VARCHAR(100)     COLLATE utf8mb4_0900_bin NOT NULL DEFAULT '' COMMENT 'Its step of the path, made from the name where none is given; fixed (not personal)',
  path         VARCHAR(700)     COLLATE utf8mb4_0900_bin NOT NULL DEFAULT '' COMMENT 'Slugs from the top, /data/sql/, by trigger (not personal)',
  depth        TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'Steps below the top, by trigger',
  created_at   DATETIME(6)      NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  updated_at   DATETIME(6)      NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC, by trigger',
  created_by   VARCHAR(288)     NOT NULL DEFAULT (USER()) COMMENT 'Database account',
  updated_by   VARCHAR(288)     NOT NULL DEFAULT (USER()) COMMENT 'Database account, by trigger',
  PRIMARY KEY (category_id),
  UNIQUE KEY one_category_per_path (path),
  KEY categories_below (parent_id),
  CONSTRAINT a_category_is_below_a_category FOREIGN KEY (parent_id) REFERENCES categories (category_id),
  CONSTRAINT a_slug_is_words_and_hyphens CHECK (REGEXP_LIKE(slug, '^[\\p{L}\\p{M}\\p{N}]+(-[\\p{L}\\p{M}\\p{N}]+)*\\z')),
  CONSTRAINT a_path_ends_in_its_slug CHECK (path LIKE CONCAT('%/', slug, '/'))
) COMMENT 'What the catalog is arranged by: a tree';

CREATE TABLE course_categories (
  course_id    BIGINT UNSIGNED NOT NULL COMMENT 'Which course',
  category_id  BIGINT UNSIGNED NOT NULL COMMENT 'Where it stands in the catalog',
  PRIMARY KEY (course_id, category_id),
  KEY courses_in_category (category_id, course_id),
  CONSTRAINT a_category_holds_a_course FOREIGN KEY (course_id) REFERENCES courses (course_id),
  CONSTRAINT a_course_stands_in_a_category FOREIGN KEY (category_id) REFERENCES categories (category_id)
) COMMENT 'Which courses stand in which categories';

ALTER TABLE mutexes ADD COLUMN held_by BIGINT UNSIGNED NULL COMMENT 'Connection of the transaction that may now do what triggers refuse to others';

INSERT INTO mutexes (name, description) VALUES
  ('categories', 'A category moved while another one moves or is added could end below itself, or on a path of the past');

CREATE TABLE wishlist_items (
  student_id  BIGINT UNSIGNED NOT NULL COMMENT 'Who',
  course_id   BIGINT UNSIGNED NOT NULL COMMENT 'What',
  added_at    DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  PRIMARY KEY (student_id, course_id),
  KEY wishes_for_course (course_id),
  CONSTRAINT a_wish_is_of_a_student FOREIGN KEY (student_id) REFERENCES users (user_id),
  CONSTRAINT a_wish_is_for_a_course FOREIGN KEY (course_id) REFERENCES courses (course_id)
) COMMENT 'What students mean to buy some day';

CREATE TABLE price_history (
  change_id     BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which change',
  course_id     BIGINT UNSIGNED NOT NULL COMMENT 'Of which course',
  price_before  DECIMAL(10,2)   NOT NULL COMMENT 'USD',
  price_after   DECIMAL(10,2)   NOT NULL COMMENT 'USD',
  changed_at    DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  changed_by    VARCHAR(288)    NOT NULL DEFAULT (USER()) COMMENT 'Database account',
  PRIMARY KEY (change_id),
  KEY changes_of_course (course_id, change_id),
  CONSTRAINT a_price_change_is_of_a_course FOREIGN KEY (course_id) REFERENCES courses (course_id),
  CONSTRAINT a_price_change_changes_the_price CHECK (price_before <> price_after)
) COMMENT 'Every change of a price, by trigger; append-only';

ALTER TABLE courses ADD FULLTEXT KEY courses_by_words (title, description);

INSERT INTO policies (name, value, description) VALUES
  ('search_page_limit', 100, 'Most courses in one page of search_courses');

-- Text says whether it is personal: erase_user goes by the mark, and a test refuses a column without one. ENUMs, ascii keys
-- and database accounts need none.

ALTER TABLE instructor_accounts
  MODIFY account VARCHAR(288) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'Database account as name@host, the host a pattern as in GRANT (not personal)';
ALTER TABLE erasure_log
  MODIFY reason VARCHAR(500) NULL COMMENT 'Why; names nobody (not personal)',
  MODIFY kept   JSON NULL COMMENT 'What was kept and the duty to keep it (not personal)';
ALTER TABLE policies
  MODIFY description VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'What it does, with its unit (not personal)';
ALTER TABLE error_catalogue
  MODIFY message VARCHAR(100) NOT NULL COMMENT 'What is wrong; {} stands for who or which (not personal)',
  MODIFY mend    VARCHAR(100) NOT NULL COMMENT 'What the caller does about it (not personal)';
ALTER TABLE mutexes
  MODIFY description VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'Why no row of its own can be locked (not personal)';
ALTER TABLE courses
  MODIFY title         VARCHAR(200) NOT NULL COMMENT 'Shown everywhere (not personal)',
  MODIFY description   TEXT NULL COMMENT 'Shown on its page (not personal)',
  MODIFY thumbnail_url VARCHAR(500) NULL COMMENT 'Picture (not personal)';
ALTER TABLE course_tags
  MODIFY tag VARCHAR(50) NOT NULL COMMENT 'A word it is found by (not personal)';
ALTER TABLE lessons
  MODIFY title     VARCHAR(200) NOT NULL COMMENT 'Shown in the outline (not personal)',
  MODIFY content   TEXT NULL COMMENT 'Text of the lesson (not personal)',
  MODIFY video_url VARCHAR(500) NULL COMMENT 'Video of the lesson (not personal)';
ALTER TABLE lesson_sections
  MODIFY title   VARCHAR(200) NOT NULL COMMENT 'Shown in the outline (not personal)',
  MODIFY content TEXT NULL COMMENT 'Text of the section (not personal)';
ALTER TABLE quizzes
  MODIFY title VARCHAR(200) NOT NULL COMMENT 'Shown to students (not personal)';
ALTER TABLE archived_courses
  MODIFY course_data JSON NOT NULL DEFAULT (JSON_OBJECT()) COMMENT 'Every column, tags, categories, prerequisites, lessons in order with sections and quizzes (not personal)',
  MODIFY reason      TEXT NULL COMMENT 'Why (not personal)';
ALTER TABLE payments
  MODIFY currency        CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'USD' COMMENT 'ISO 4217 (not personal)',
  MODIFY payment_gateway VARCHAR(50) NULL COMMENT 'Through whom (not personal)';
ALTER TABLE payment_events
  MODIFY event_data JSON NULL COMMENT 'Ids and amounts only (not personal)';
ALTER TABLE receipts
  MODIFY arguments_sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'Of the other arguments (not personal)',
  MODIFY outcome          JSON NULL COMMENT 'What the first call returned and a repeated one returns (not personal)';
ALTER TABLE fraud_detection_rules
  MODIFY rule_name      VARCHAR(100) NOT NULL COMMENT 'For people (not personal)',
  MODIFY rule_condition JSON NOT NULL DEFAULT (JSON_OBJECT('metric', 'amount', 'over', 1e9, 'score', 0)) COMMENT '{"metric": M, "over": N, "score": S}: M above N scores S (not personal)';
ALTER TABLE fraud_alerts
  MODIFY alert_data JSON NULL COMMENT 'The figures: metric, value, over, score, amount (not personal)';

INSERT INTO error_catalogue (errno, name, message, mend) VALUES
  (30041, 'NO_SUCH_QUIZ',                'there is no quiz {}',              'check the id'),
  (30042, 'BAD_SCORE',                   'score {} is below 0',              'give the points that were reached'),
  (30043, 'ILLEGAL_ENROLLMENT_STATUS',   'enrollment {} is no legal step',   'begin a new enrollment instead'),
  (30044, 'NO_SUCH_PLAN',                'there is no plan {}',              'see subscription_plans'),
  (30045, 'ILLEGAL_SUBSCRIPTION_STATUS', 'subscription {} is no legal step', 'begin a new subscription instead'),
  (30046, 'NO_SUCH_CATEGORY',            'there is no category {}',          'check the id'),
  (30047, 'CATEGORY_CYCLE',              'category {} would end below itself', 'choose a parent that is not below it'),
  (30048, 'BAD_PERCENT',                 'percent {} is not above 0 and up to 100', 'give a percentage'),
  (30049, 'ALREADY_ERASED',              'user {} is erased already',        'nothing to do'),
  (30050, 'BAD_SEARCH',                  'search refused: {}',               'correct the arguments');

ALTER TABLE promotions
  ADD CONSTRAINT a_promotion_is_for_a_category FOREIGN KEY (category_id) REFERENCES categories (category_id);
