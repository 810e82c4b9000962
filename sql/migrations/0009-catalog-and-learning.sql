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

INSERT INTO error_catalogue (errno, name, message, mend) VALUES
  (30041, 'NO_SUCH_QUIZ',                'there is no quiz {}',              'check the id'),
  (30042, 'BAD_SCORE',                   'score {} is below 0',              'give the points that were reached'),
  (30043, 'ILLEGAL_ENROLLMENT_STATUS',   'enrollment {} is no legal step',   'begin a new enrollment instead'),
  (30044, 'NO_SUCH_PLAN',                'there is no plan {}',              'see subscription_plans'),
  (30045, 'ILLEGAL_SUBSCRIPTION_STATUS', 'subscription {} is no legal step', 'begin a new subscription instead'),
  (30046, 'NO_SUCH_CATEGORY',            'there is no category {}',          'check the id'),
  (30047, 'CATEGORY_CYCLE',              'category {} would end below itself', 'choose a parent that is not below it'),
  (30048, 'BAD_PERCENT',                 'percent {} is not above 0 and up to 100', 'give a percentage');
