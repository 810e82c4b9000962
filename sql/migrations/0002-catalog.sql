-- Courses and what they are made of.

CREATE TABLE courses (
  course_id             BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which course',
  instructor_id         BIGINT UNSIGNED NOT NULL     COMMENT 'Who teaches it',
  title                 VARCHAR(200)    NOT NULL     COMMENT 'Shown everywhere',
  description           TEXT            NULL         COMMENT 'Shown on its page',
  price                 DECIMAL(10,2)   NOT NULL     COMMENT 'In USD; 0: free',
  thumbnail_url         VARCHAR(500)    NULL         COMMENT 'Picture',
  level                 ENUM('beginner','intermediate','advanced') NOT NULL DEFAULT 'beginner' COMMENT 'For whom',
  status                ENUM('draft','active','archived')          NOT NULL DEFAULT 'active'   COMMENT 'Only active ones are sold',
  max_students          INT UNSIGNED    NULL         COMMENT 'Seats; NULL: unlimited',
  enrolled_students     INT             NOT NULL DEFAULT 0 COMMENT 'Counter: seats in force, at most one fold old',
  total_enrollments     INT             NOT NULL DEFAULT 0 COMMENT 'Counter: ever enrolled, at most one fold old',
  rating_sum            INT             NOT NULL DEFAULT 0 COMMENT 'Counter: sum of all ratings, at most one fold old',
  review_count          INT             NOT NULL DEFAULT 0 COMMENT 'Counter: reviews, at most one fold old',
  avg_rating            DECIMAL(3,2)    AS (IF(review_count > 0, CAST(rating_sum AS DECIMAL(14,4)) / review_count, NULL)) STORED COMMENT 'Counter: follows the two above',
  last_enrollment_date  DATETIME(6)     NULL         COMMENT 'Counter: newest enrolled_at, UTC, at most one fold old',
  created_at            DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  updated_at            DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC, by trigger; counters do not move it',
  created_by            VARCHAR(288)    NOT NULL DEFAULT (USER()) COMMENT 'Database account',
  updated_by            VARCHAR(288)    NOT NULL DEFAULT (USER()) COMMENT 'Database account, by trigger',
  PRIMARY KEY (course_id),
  KEY courses_of_instructor (instructor_id),
  KEY top_courses_first (status, total_enrollments),
  CONSTRAINT a_course_has_an_instructor FOREIGN KEY (instructor_id) REFERENCES users (user_id),
  CONSTRAINT a_price_is_not_negative CHECK (price >= 0),
  CONSTRAINT a_seat_limit_is_above_zero CHECK (max_students > 0)
) COMMENT 'What is taught and sold';

CREATE TABLE course_deltas (
  delta_id     BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which change',
  course_id    BIGINT UNSIGNED NOT NULL COMMENT 'Whose counters; no foreign key: it would lock the course',
  enrolled     TINYINT NOT NULL DEFAULT 0 COMMENT 'To add to enrolled_students',
  total        TINYINT NOT NULL DEFAULT 0 COMMENT 'To add to total_enrollments',
  rating_sum   TINYINT NOT NULL DEFAULT 0 COMMENT 'To add to rating_sum',
  reviews      TINYINT NOT NULL DEFAULT 0 COMMENT 'To add to review_count',
  PRIMARY KEY (delta_id),
  KEY deltas_of_course (course_id)
) COMMENT 'What changed since the last fold; written by triggers, emptied by fold_counters';

CREATE TABLE course_seats (
  course_id    BIGINT UNSIGNED NOT NULL COMMENT 'A course with a seat limit; no row: unlimited',
  seats        INT UNSIGNED    NOT NULL COMMENT 'max_students of the course',
  seats_taken  INT NOT NULL DEFAULT 0   COMMENT 'Enrollments in force plus what running flash sales have set aside; exact',
  PRIMARY KEY (course_id),
  CONSTRAINT seats_belong_to_a_course FOREIGN KEY (course_id) REFERENCES courses (course_id)
) COMMENT 'The row that decides who gets the last seat; kept by triggers';

CREATE TABLE course_tags (
  course_id  BIGINT UNSIGNED NOT NULL COMMENT 'Which course',
  tag        VARCHAR(50)     NOT NULL COMMENT 'A word it is found by',
  PRIMARY KEY (course_id, tag),
  KEY courses_by_tag (tag),
  CONSTRAINT a_tag_belongs_to_a_course FOREIGN KEY (course_id) REFERENCES courses (course_id)
) COMMENT 'Words a course is found by';

CREATE TABLE course_prerequisites (
  course_id               BIGINT UNSIGNED NOT NULL COMMENT 'Before this one',
  prerequisite_course_id  BIGINT UNSIGNED NOT NULL COMMENT 'this one must be completed',
  PRIMARY KEY (course_id, prerequisite_course_id),
  KEY courses_that_require (prerequisite_course_id),
  CONSTRAINT a_prerequisite_is_for_a_course FOREIGN KEY (course_id) REFERENCES courses (course_id),
  CONSTRAINT a_prerequisite_is_a_course FOREIGN KEY (prerequisite_course_id) REFERENCES courses (course_id),
  CONSTRAINT a_course_does_not_require_itself CHECK (course_id <> prerequisite_course_id)
) COMMENT 'What must be completed first; a trigger keeps it free of cycles';

CREATE TABLE lessons (
  lesson_id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which lesson',
  course_id         BIGINT UNSIGNED NOT NULL     COMMENT 'Part of',
  title             VARCHAR(200)    NOT NULL     COMMENT 'Shown in the outline',
  content           TEXT            NULL         COMMENT 'Text of the lesson',
  video_url         VARCHAR(500)    NULL         COMMENT 'Video of the lesson',
  duration_minutes  INT UNSIGNED    NOT NULL DEFAULT 0 COMMENT 'Planned length, minutes',
  order_index       INT UNSIGNED    NOT NULL DEFAULT 0 COMMENT 'Place in the course, ties by lesson_id',
  created_at        DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  updated_at        DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC, by trigger',
  created_by        VARCHAR(288)    NOT NULL DEFAULT (USER()) COMMENT 'Database account',
  updated_by        VARCHAR(288)    NOT NULL DEFAULT (USER()) COMMENT 'Database account, by trigger',
  PRIMARY KEY (lesson_id),
  KEY lessons_in_order (course_id, order_index),
  CONSTRAINT a_lesson_belongs_to_a_course FOREIGN KEY (course_id) REFERENCES courses (course_id)
) COMMENT 'Parts of a course';

CREATE TABLE lesson_sections (
  section_id        BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which section',
  lesson_id         BIGINT UNSIGNED NOT NULL     COMMENT 'Part of',
  title             VARCHAR(200)    NOT NULL     COMMENT 'Shown in the outline',
  type              ENUM('text','video','quiz','assignment') NOT NULL DEFAULT 'text' COMMENT 'What the student does',
  content           TEXT            NULL         COMMENT 'Text of the section',
  duration_minutes  INT UNSIGNED    NOT NULL DEFAULT 0 COMMENT 'Planned length, minutes',
  order_index       INT UNSIGNED    NOT NULL DEFAULT 0 COMMENT 'Place in the lesson, ties by section_id',
  PRIMARY KEY (section_id),
  KEY sections_in_order (lesson_id, order_index),
  CONSTRAINT a_section_belongs_to_a_lesson FOREIGN KEY (lesson_id) REFERENCES lessons (lesson_id)
) COMMENT 'Parts of a lesson';

CREATE TABLE quizzes (
  quiz_id        BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which quiz',
  lesson_id      BIGINT UNSIGNED NOT NULL     COMMENT 'Part of',
  title          VARCHAR(200)    NOT NULL     COMMENT 'Shown to students',
  passing_score  DECIMAL(6,2)    NOT NULL DEFAULT 60 COMMENT 'Points needed to pass',
  PRIMARY KEY (quiz_id),
  KEY quizzes_of_lesson (lesson_id),
  CONSTRAINT a_quiz_belongs_to_a_lesson FOREIGN KEY (lesson_id) REFERENCES lessons (lesson_id),
  CONSTRAINT a_passing_score_is_not_negative CHECK (passing_score >= 0)
) COMMENT 'Tests of a lesson';

CREATE TABLE quiz_attempts (
  attempt_id    BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which attempt',
  student_id    BIGINT UNSIGNED NOT NULL     COMMENT 'Who tried',
  quiz_id       BIGINT UNSIGNED NOT NULL     COMMENT 'What',
  score         DECIMAL(6,2)    NOT NULL     COMMENT 'Points reached',
  attempt_date  DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  PRIMARY KEY (attempt_id),
  KEY attempts_of_student (student_id, quiz_id),
  KEY attempts_at_quiz (quiz_id),
  CONSTRAINT an_attempt_is_by_a_student FOREIGN KEY (student_id) REFERENCES users (user_id),
  CONSTRAINT an_attempt_is_at_a_quiz FOREIGN KEY (quiz_id) REFERENCES quizzes (quiz_id),
  CONSTRAINT a_score_is_not_negative CHECK (score >= 0)
) COMMENT 'Every try at a quiz, passed or not';

CREATE TABLE reviews (
  review_id   BIGINT UNSIGNED  NOT NULL AUTO_INCREMENT COMMENT 'Which review',
  student_id  BIGINT UNSIGNED  NOT NULL     COMMENT 'By whom',
  course_id   BIGINT UNSIGNED  NOT NULL     COMMENT 'Of what',
  rating      TINYINT UNSIGNED NOT NULL     COMMENT '1 to 5',
  comment     TEXT             NULL         COMMENT 'In the words of the student (personal)',
  created_at  DATETIME(6)      NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  PRIMARY KEY (review_id),
  UNIQUE KEY one_review_per_student_and_course (student_id, course_id),
  KEY reviews_of_course (course_id, created_at),
  CONSTRAINT a_review_is_by_a_student FOREIGN KEY (student_id) REFERENCES users (user_id),
  CONSTRAINT a_review_is_of_a_course FOREIGN KEY (course_id) REFERENCES courses (course_id),
  CONSTRAINT a_rating_is_one_to_five CHECK (rating BETWEEN 1 AND 5)
) COMMENT 'What students think of a course';

CREATE TABLE archived_courses (
  archive_id   BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which archive',
  course_id    BIGINT UNSIGNED NOT NULL     COMMENT 'The course as it was',
  course_data  JSON            NOT NULL DEFAULT (JSON_OBJECT()) COMMENT 'Every column, tags, prerequisites, lessons in order with sections and quizzes',
  archived_at  DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  archived_by  VARCHAR(288)    NOT NULL DEFAULT (USER()) COMMENT 'Database account',
  reason       TEXT            NULL         COMMENT 'Why',
  PRIMARY KEY (archive_id),
  KEY archives_of_course (course_id),
  CONSTRAINT an_archive_is_of_a_course FOREIGN KEY (course_id) REFERENCES courses (course_id)
) COMMENT 'Courses taken off the market, whole';
