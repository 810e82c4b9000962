-- Who learns what, and how far they are.

CREATE TABLE flash_sales (
  sale_id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which sale',
  course_id       BIGINT UNSIGNED NOT NULL     COMMENT 'Of what',
  max_seats       INT UNSIGNED    NOT NULL     COMMENT 'Never more buyers than this',
  seats_taken     INT UNSIGNED    NOT NULL DEFAULT 0 COMMENT 'Counter: at most one fold old; flash_sale_status is exact',
  discount_price  DECIMAL(10,2)   NOT NULL     COMMENT 'In USD; 0: free',
  start_time      DATETIME(6)     NOT NULL     COMMENT 'UTC, first moment',
  end_time        DATETIME(6)     NOT NULL     COMMENT 'UTC, last moment',
  created_at      DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  updated_at      DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC, by trigger; the counter does not move it',
  created_by      VARCHAR(288)    NOT NULL DEFAULT (USER()) COMMENT 'Database account',
  updated_by      VARCHAR(288)    NOT NULL DEFAULT (USER()) COMMENT 'Database account, by trigger',
  PRIMARY KEY (sale_id),
  KEY sales_of_course (course_id),
  CONSTRAINT a_sale_is_of_a_course FOREIGN KEY (course_id) REFERENCES courses (course_id),
  CONSTRAINT a_sale_has_seats CHECK (max_seats > 0),
  CONSTRAINT a_sale_price_is_not_negative CHECK (discount_price >= 0),
  CONSTRAINT a_sale_ends_after_it_starts CHECK (end_time > start_time)
) COMMENT 'A few seats of a course, cheaper, for a short time';

CREATE TABLE flash_sale_stock (
  sale_id     BIGINT UNSIGNED   NOT NULL COMMENT 'Which sale',
  slot        SMALLINT UNSIGNED NOT NULL COMMENT 'Which part of its stock, from 0',
  seats_left  INT UNSIGNED      NOT NULL DEFAULT 0 COMMENT 'Not sold yet',
  PRIMARY KEY (sale_id, slot),
  CONSTRAINT stock_belongs_to_a_sale FOREIGN KEY (sale_id) REFERENCES flash_sales (sale_id)
) COMMENT 'The stock of a sale, spread over rows so that buyers do not queue on one';

CREATE TABLE flash_sale_terms (
  sale_id         BIGINT UNSIGNED NOT NULL COMMENT 'Which sale',
  course_id       BIGINT UNSIGNED NOT NULL COMMENT 'As in flash_sales',
  discount_price  DECIMAL(10,2)   NOT NULL COMMENT 'As in flash_sales, USD',
  start_time      DATETIME(6)     NOT NULL COMMENT 'As in flash_sales, UTC',
  end_time        DATETIME(6)     NOT NULL COMMENT 'As in flash_sales, UTC',
  state           ENUM('open','settled','folded') NOT NULL DEFAULT 'open' COMMENT 'open: unsold seats are set aside; settled: they came back; folded: and seats_taken is final',
  PRIMARY KEY (sale_id),
  KEY sales_to_settle (course_id, state, end_time),
  KEY sales_to_fold (state),
  CONSTRAINT terms_belong_to_a_sale FOREIGN KEY (sale_id) REFERENCES flash_sales (sale_id)
) COMMENT 'What buyers lock for reading instead of the sale, so that the fold writes to it meanwhile; kept by triggers';

CREATE TABLE enrollments (
  enrollment_id        BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which enrollment',
  student_id           BIGINT UNSIGNED NOT NULL     COMMENT 'Who',
  course_id            BIGINT UNSIGNED NOT NULL     COMMENT 'What',
  flash_sale_id        BIGINT UNSIGNED NULL         COMMENT 'The sale it was bought in; no foreign key: it would lock the sale',
  enrolled_at          DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  completed_at         DATETIME(6)     NULL         COMMENT 'UTC',
  progress_percentage  DECIMAL(5,2)    NOT NULL DEFAULT 0 COMMENT '0 to 100: lessons completed of all lessons',
  status               ENUM('active','completed','refunded','expired') NOT NULL DEFAULT 'active' COMMENT 'In force while active or completed',
  in_force             TINYINT UNSIGNED AS (IF(status IN ('active','completed'), 1, NULL)) STORED COMMENT '1 or NULL, for the key below',
  PRIMARY KEY (enrollment_id),
  UNIQUE KEY one_in_force_per_student_and_course (student_id, course_id, in_force),
  KEY newest_enrollments_of_course (course_id, enrolled_at),
  KEY enrollments_by_day (enrolled_at),
  CONSTRAINT an_enrollment_is_of_a_student FOREIGN KEY (student_id) REFERENCES users (user_id),
  CONSTRAINT an_enrollment_is_in_a_course FOREIGN KEY (course_id) REFERENCES courses (course_id),
  CONSTRAINT progress_is_a_percentage CHECK (progress_percentage BETWEEN 0 AND 100)
) COMMENT 'Who learns what; a refunded or expired one does not stop a new one';

CREATE TABLE course_access (
  student_id         BIGINT UNSIGNED NOT NULL COMMENT 'Who',
  course_id          BIGINT UNSIGNED NOT NULL COMMENT 'What',
  access_expires_at  DATETIME(6)     NULL     COMMENT 'UTC; NULL: never',
  PRIMARY KEY (student_id, course_id),
  KEY access_to_course (course_id),
  KEY access_by_end (access_expires_at),
  CONSTRAINT access_is_of_a_student FOREIGN KEY (student_id) REFERENCES users (user_id),
  CONSTRAINT access_is_to_a_course FOREIGN KEY (course_id) REFERENCES courses (course_id)
) COMMENT 'Until when a student may open a course';

CREATE TABLE lesson_progress (
  progress_id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which progress',
  student_id          BIGINT UNSIGNED NOT NULL COMMENT 'Who',
  lesson_id           BIGINT UNSIGNED NOT NULL COMMENT 'Where',
  completed           BOOLEAN         NOT NULL DEFAULT FALSE COMMENT 'Never goes back; with sections: when all of them are',
  completed_at        DATETIME(6)     NULL     COMMENT 'UTC',
  time_spent_minutes  INT UNSIGNED    NOT NULL DEFAULT 0 COMMENT 'Reported minutes, those of its sections included',
  PRIMARY KEY (progress_id),
  UNIQUE KEY one_progress_per_student_and_lesson (student_id, lesson_id),
  KEY progress_in_lesson (lesson_id),
  CONSTRAINT lesson_progress_is_of_a_student FOREIGN KEY (student_id) REFERENCES users (user_id),
  CONSTRAINT lesson_progress_is_in_a_lesson FOREIGN KEY (lesson_id) REFERENCES lessons (lesson_id)
) COMMENT 'How far a student is in a lesson';

CREATE TABLE section_progress (
  progress_id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which progress',
  student_id          BIGINT UNSIGNED NOT NULL COMMENT 'Who',
  section_id          BIGINT UNSIGNED NOT NULL COMMENT 'Where',
  completed           BOOLEAN         NOT NULL DEFAULT FALSE COMMENT 'Never goes back',
  completed_at        DATETIME(6)     NULL     COMMENT 'UTC',
  time_spent_minutes  INT UNSIGNED    NOT NULL DEFAULT 0 COMMENT 'Reported minutes',
  PRIMARY KEY (progress_id),
  UNIQUE KEY one_progress_per_student_and_section (student_id, section_id),
  KEY progress_in_section (section_id),
  CONSTRAINT section_progress_is_of_a_student FOREIGN KEY (student_id) REFERENCES users (user_id),
  CONSTRAINT section_progress_is_in_a_section FOREIGN KEY (section_id) REFERENCES lesson_sections (section_id)
) COMMENT 'How far a student is in a section';
