-- What the project's files build, for a review: written by `learnhub-db dump`, so never edited by hand. Rows, rights
-- and definers are not in it.
SET NAMES utf8mb4 COLLATE utf8mb4_0900_ai_ci, default_collation_for_utf8mb4 = utf8mb4_0900_ai_ci, autocommit = 1, foreign_key_checks = 1, unique_checks = 1, time_zone = '+00:00', sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';
ALTER DATABASE COLLATE utf8mb4_0900_ai_ci;
SET foreign_key_checks = 0, sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO';

CREATE TABLE `archived_courses` (
  `archive_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which archive',
  `course_id` bigint unsigned NOT NULL COMMENT 'The course as it was',
  `course_data` json NOT NULL DEFAULT (json_object()) COMMENT 'Every column, tags, categories, prerequisites, lessons in order with sections and quizzes (not personal)',
  `archived_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  `archived_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account',
  `reason` text COMMENT 'Why (not personal)',
  PRIMARY KEY (`archive_id`),
  KEY `archives_of_course` (`course_id`),
  CONSTRAINT `an_archive_is_of_a_course` FOREIGN KEY (`course_id`) REFERENCES `courses` (`course_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Courses taken off the market, whole';

CREATE TABLE `cart_items` (
  `cart_id` bigint unsigned NOT NULL COMMENT 'Which cart',
  `course_id` bigint unsigned NOT NULL COMMENT 'What lies in it; bought, it leaves the cart',
  `added_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  PRIMARY KEY (`cart_id`,`course_id`),
  KEY `carts_with_course` (`course_id`),
  CONSTRAINT `a_cart_item_is_a_course` FOREIGN KEY (`course_id`) REFERENCES `courses` (`course_id`),
  CONSTRAINT `a_cart_item_lies_in_a_cart` FOREIGN KEY (`cart_id`) REFERENCES `carts` (`cart_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Courses in carts, each once';

CREATE TABLE `carts` (
  `cart_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which cart',
  `user_id` bigint unsigned NOT NULL COMMENT 'Whose',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  PRIMARY KEY (`cart_id`),
  KEY `carts_of_user` (`user_id`),
  CONSTRAINT `a_cart_belongs_to_a_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='What somebody is about to order';

CREATE TABLE `categories` (
  `category_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which category',
  `parent_id` bigint unsigned DEFAULT NULL COMMENT 'The one above; NULL: none. Changed by move_category alone',
  `name` varchar(100) NOT NULL COMMENT 'Shown in the shop (not personal)',
  `slug` varchar(100) COLLATE utf8mb4_0900_bin NOT NULL DEFAULT '' COMMENT 'Its step of the path, made from the name where none is given; fixed (not personal)',
  `path` varchar(700) COLLATE utf8mb4_0900_bin NOT NULL DEFAULT '' COMMENT 'Slugs from the top, /data/sql/, by trigger (not personal)',
  `depth` tinyint unsigned NOT NULL DEFAULT '0' COMMENT 'Steps below the top, by trigger',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  `updated_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC, by trigger',
  `created_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account',
  `updated_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account, by trigger',
  PRIMARY KEY (`category_id`),
  UNIQUE KEY `one_category_per_path` (`path`),
  KEY `categories_below` (`parent_id`),
  CONSTRAINT `a_category_is_below_a_category` FOREIGN KEY (`parent_id`) REFERENCES `categories` (`category_id`),
  CONSTRAINT `a_path_ends_in_its_slug` CHECK ((`path` like concat('%/',`slug`,'/'))),
  CONSTRAINT `a_slug_is_words_and_hyphens` CHECK (regexp_like(`slug`,'^[\\p{L}\\p{M}\\p{N}]+(-[\\p{L}\\p{M}\\p{N}]+)*\\z'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='What the catalog is arranged by: a tree';

CREATE TABLE `certificates` (
  `certificate_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which certificate',
  `enrollment_id` bigint unsigned NOT NULL COMMENT 'What was completed, and by whom',
  `code` char(32) COLLATE ascii_bin NOT NULL DEFAULT (lower(hex(random_bytes(16)))) COMMENT '128 random bits: who knows it may check the certificate (not personal)',
  `issued_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  `revoked_at` datetime(6) DEFAULT NULL COMMENT 'UTC; set: it counts no more',
  PRIMARY KEY (`certificate_id`),
  UNIQUE KEY `one_certificate_per_enrollment` (`enrollment_id`),
  UNIQUE KEY `one_certificate_per_code` (`code`),
  CONSTRAINT `a_certificate_is_of_an_enrollment` FOREIGN KEY (`enrollment_id`) REFERENCES `enrollments` (`enrollment_id`),
  CONSTRAINT `a_code_cannot_be_guessed` CHECK (regexp_like(`code`,'^[0-9a-f]{32}\\z','c'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Proof that a course was completed; issued and revoked by triggers';

CREATE TABLE `course_access` (
  `student_id` bigint unsigned NOT NULL COMMENT 'Who',
  `course_id` bigint unsigned NOT NULL COMMENT 'What',
  `access_expires_at` datetime(6) DEFAULT NULL COMMENT 'UTC; NULL: never',
  `has_ended` tinyint(1) NOT NULL DEFAULT '0' COMMENT 'expire_access has seen its end; another end begins anew, by trigger',
  PRIMARY KEY (`student_id`,`course_id`),
  KEY `access_to_course` (`course_id`),
  KEY `access_to_end` (`has_ended`,`access_expires_at`),
  CONSTRAINT `access_is_of_a_student` FOREIGN KEY (`student_id`) REFERENCES `users` (`user_id`),
  CONSTRAINT `access_is_to_a_course` FOREIGN KEY (`course_id`) REFERENCES `courses` (`course_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Until when a student may open a course';

CREATE TABLE `course_categories` (
  `course_id` bigint unsigned NOT NULL COMMENT 'Which course',
  `category_id` bigint unsigned NOT NULL COMMENT 'Where it stands in the catalog',
  PRIMARY KEY (`course_id`,`category_id`),
  KEY `courses_in_category` (`category_id`,`course_id`),
  CONSTRAINT `a_category_holds_a_course` FOREIGN KEY (`course_id`) REFERENCES `courses` (`course_id`),
  CONSTRAINT `a_course_stands_in_a_category` FOREIGN KEY (`category_id`) REFERENCES `categories` (`category_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Which courses stand in which categories';

CREATE TABLE `course_deltas` (
  `delta_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which change',
  `course_id` bigint unsigned NOT NULL COMMENT 'Whose counters; no foreign key: it would lock the course',
  `enrolled` tinyint NOT NULL DEFAULT '0' COMMENT 'To add to enrolled_students',
  `total` tinyint NOT NULL DEFAULT '0' COMMENT 'To add to total_enrollments',
  `rating_sum` tinyint NOT NULL DEFAULT '0' COMMENT 'To add to rating_sum',
  `reviews` tinyint NOT NULL DEFAULT '0' COMMENT 'To add to review_count',
  PRIMARY KEY (`delta_id`),
  KEY `deltas_of_course` (`course_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='What changed since the last fold; written by triggers, emptied by fold_counters';

CREATE TABLE `course_prerequisites` (
  `course_id` bigint unsigned NOT NULL COMMENT 'Before this one',
  `prerequisite_course_id` bigint unsigned NOT NULL COMMENT 'this one must be completed',
  PRIMARY KEY (`course_id`,`prerequisite_course_id`),
  KEY `courses_that_require` (`prerequisite_course_id`),
  CONSTRAINT `a_prerequisite_is_a_course` FOREIGN KEY (`prerequisite_course_id`) REFERENCES `courses` (`course_id`),
  CONSTRAINT `a_prerequisite_is_for_a_course` FOREIGN KEY (`course_id`) REFERENCES `courses` (`course_id`),
  CONSTRAINT `a_course_does_not_require_itself` CHECK ((`course_id` <> `prerequisite_course_id`))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='What must be completed first; a trigger keeps it free of cycles';

CREATE TABLE `course_seats` (
  `course_id` bigint unsigned NOT NULL COMMENT 'A course with a seat limit; no row: unlimited',
  `seats` int unsigned NOT NULL COMMENT 'max_students of the course',
  `seats_taken` int NOT NULL DEFAULT '0' COMMENT 'Enrollments in force, held seats, and what running flash sales have set aside; exact',
  `seats_granted` int unsigned NOT NULL DEFAULT '0' COMMENT 'Never more seats are taken: the limit, or what was taken already when it was set',
  PRIMARY KEY (`course_id`),
  CONSTRAINT `seats_belong_to_a_course` FOREIGN KEY (`course_id`) REFERENCES `courses` (`course_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='The row that decides who gets the last seat; kept by triggers';

CREATE TABLE `course_tags` (
  `course_id` bigint unsigned NOT NULL COMMENT 'Which course',
  `tag` varchar(50) NOT NULL COMMENT 'A word it is found by (not personal)',
  PRIMARY KEY (`course_id`,`tag`),
  KEY `courses_by_tag` (`tag`),
  CONSTRAINT `a_tag_belongs_to_a_course` FOREIGN KEY (`course_id`) REFERENCES `courses` (`course_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Words a course is found by';

CREATE TABLE `courses` (
  `course_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which course',
  `instructor_id` bigint unsigned NOT NULL COMMENT 'Who teaches it',
  `title` varchar(200) NOT NULL COMMENT 'Shown everywhere (not personal)',
  `description` text COMMENT 'Shown on its page (not personal)',
  `price` decimal(10,2) NOT NULL COMMENT 'In USD; 0: free',
  `thumbnail_url` varchar(500) DEFAULT NULL COMMENT 'Picture (not personal)',
  `level` enum('beginner','intermediate','advanced') NOT NULL DEFAULT 'beginner' COMMENT 'For whom',
  `status` enum('draft','active','archived') NOT NULL DEFAULT 'active' COMMENT 'Only active ones are sold',
  `max_students` int unsigned DEFAULT NULL COMMENT 'Seats; NULL: unlimited',
  `enrolled_students` int NOT NULL DEFAULT '0' COMMENT 'Counter: seats in force, at most one fold old',
  `total_enrollments` int NOT NULL DEFAULT '0' COMMENT 'Counter: ever enrolled, at most one fold old',
  `rating_sum` int NOT NULL DEFAULT '0' COMMENT 'Counter: sum of all ratings, at most one fold old',
  `review_count` int NOT NULL DEFAULT '0' COMMENT 'Counter: reviews, at most one fold old',
  `avg_rating` decimal(3,2) GENERATED ALWAYS AS (if((`review_count` > 0),(cast(`rating_sum` as decimal(14,4)) / `review_count`),NULL)) STORED COMMENT 'Counter: follows the two above',
  `last_enrollment_date` datetime(6) DEFAULT NULL COMMENT 'Counter: newest enrolled_at, UTC, at most one fold old',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  `updated_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC, by trigger; counters do not move it',
  `created_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account',
  `updated_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account, by trigger',
  PRIMARY KEY (`course_id`),
  KEY `courses_of_instructor` (`instructor_id`),
  KEY `top_courses_first` (`status`,`total_enrollments`),
  FULLTEXT KEY `courses_by_words` (`title`,`description`),
  CONSTRAINT `a_course_has_an_instructor` FOREIGN KEY (`instructor_id`) REFERENCES `users` (`user_id`),
  CONSTRAINT `a_price_is_not_negative` CHECK ((`price` >= 0)),
  CONSTRAINT `a_seat_limit_is_above_zero` CHECK ((`max_students` > 0))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='What is taught and sold';

CREATE TABLE `daily_revenue_summary` (
  `summary_date` date NOT NULL COMMENT 'A UTC day',
  `total_revenue` decimal(14,2) NOT NULL DEFAULT '0.00' COMMENT 'Gross: charges completed that day, refunded later or not',
  `total_transactions` int unsigned NOT NULL DEFAULT '0' COMMENT 'How many charges that were',
  `new_enrollments` int unsigned NOT NULL DEFAULT '0' COMMENT 'Enrollments begun that day',
  `new_subscriptions` int unsigned NOT NULL DEFAULT '0' COMMENT 'Subscriptions that start that day',
  `refund_amount` decimal(14,2) NOT NULL DEFAULT '0.00' COMMENT 'What was paid back that day, above 0',
  `updated_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  PRIMARY KEY (`summary_date`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='One row per UTC day, by summarize_daily_revenue';

CREATE TABLE `dim_course` (
  `course_id` bigint unsigned NOT NULL COMMENT 'As in courses; 0: a payment for no course',
  `title` varchar(200) NOT NULL COMMENT 'As in courses when a day of it was last built (not personal)',
  `level` enum('beginner','intermediate','advanced') DEFAULT NULL COMMENT 'As in courses',
  `instructor_id` bigint unsigned DEFAULT NULL COMMENT 'As in courses',
  PRIMARY KEY (`course_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Star: what was sold';

CREATE TABLE `dim_date` (
  `date_key` date NOT NULL COMMENT 'A UTC day',
  `year` smallint unsigned GENERATED ALWAYS AS (year(`date_key`)) STORED NOT NULL COMMENT 'Its year',
  `quarter` tinyint unsigned GENERATED ALWAYS AS (quarter(`date_key`)) STORED NOT NULL COMMENT '1 to 4',
  `month` tinyint unsigned GENERATED ALWAYS AS (month(`date_key`)) STORED NOT NULL COMMENT '1 to 12',
  `day_of_week` tinyint unsigned GENERATED ALWAYS AS ((weekday(`date_key`) + 1)) STORED NOT NULL COMMENT '1 Monday to 7 Sunday',
  `refreshed_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC; when its facts were last built',
  PRIMARY KEY (`date_key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Star: the days whose facts were built';

CREATE TABLE `dim_user` (
  `user_id` bigint unsigned NOT NULL COMMENT 'As in users',
  `user_type` enum('student','instructor','admin') NOT NULL DEFAULT 'student' COMMENT 'As in users',
  `joined_on` date NOT NULL DEFAULT (utc_date()) COMMENT 'UTC day of created_at',
  PRIMARY KEY (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Star: who bought; nothing personal';

CREATE TABLE `enrollments` (
  `enrollment_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which enrollment',
  `student_id` bigint unsigned NOT NULL COMMENT 'Who',
  `course_id` bigint unsigned NOT NULL COMMENT 'What',
  `flash_sale_id` bigint unsigned DEFAULT NULL COMMENT 'The sale it was bought in; no foreign key: it would lock the sale',
  `enrolled_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  `completed_at` datetime(6) DEFAULT NULL COMMENT 'UTC',
  `progress_percentage` decimal(5,2) NOT NULL DEFAULT '0.00' COMMENT '0 to 100: lessons completed of all lessons',
  `status` enum('active','completed','refunded','expired') NOT NULL DEFAULT 'active' COMMENT 'In force while active or completed',
  `in_force` tinyint unsigned GENERATED ALWAYS AS (if((`status` in ('active','completed')),1,NULL)) STORED COMMENT '1 or NULL, for the key below',
  PRIMARY KEY (`enrollment_id`),
  UNIQUE KEY `one_in_force_per_student_and_course` (`student_id`,`course_id`,`in_force`),
  KEY `newest_enrollments_of_course` (`course_id`,`enrolled_at`),
  KEY `enrollments_by_day` (`enrolled_at`),
  CONSTRAINT `an_enrollment_is_in_a_course` FOREIGN KEY (`course_id`) REFERENCES `courses` (`course_id`),
  CONSTRAINT `an_enrollment_is_of_a_student` FOREIGN KEY (`student_id`) REFERENCES `users` (`user_id`),
  CONSTRAINT `progress_is_a_percentage` CHECK ((`progress_percentage` between 0 and 100))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Who learns what; a refunded or expired one does not stop a new one';

CREATE TABLE `erasure_log` (
  `erasure_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which erasure',
  `user_id` bigint unsigned NOT NULL COMMENT 'Who was erased; the id alone',
  `requested_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'On whose request',
  `reason` varchar(500) DEFAULT NULL COMMENT 'Why; names nobody (not personal)',
  `kept` json DEFAULT NULL COMMENT 'What was kept and the duty to keep it (not personal)',
  `erased_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  PRIMARY KEY (`erasure_id`),
  UNIQUE KEY `a_user_is_erased_once` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Proof that somebody was forgotten';

CREATE TABLE `error_catalogue` (
  `errno` smallint unsigned NOT NULL COMMENT 'MYSQL_ERRNO of the SIGNAL',
  `name` varchar(40) COLLATE ascii_bin NOT NULL COMMENT 'Word for programs',
  `message` varchar(100) NOT NULL COMMENT 'What is wrong; {} stands for who or which (not personal)',
  `mend` varchar(100) NOT NULL COMMENT 'What the caller does about it (not personal)',
  PRIMARY KEY (`errno`),
  UNIQUE KEY `one_error_per_name` (`name`),
  CONSTRAINT `an_errno_fits_every_driver` CHECK ((`errno` between 30000 and 32767))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Every error a procedure or trigger raises itself, SQLSTATE 45000';

CREATE TABLE `fact_sales` (
  `payment_id` bigint unsigned NOT NULL COMMENT 'One fact per charge completed and per refund; no foreign key: it may stand in the history',
  `date_key` date NOT NULL COMMENT 'UTC day on which it was processed',
  `course_id` bigint unsigned NOT NULL DEFAULT '0' COMMENT 'What was sold',
  `user_id` bigint unsigned NOT NULL COMMENT 'Who bought',
  `kind` enum('charge','refund') NOT NULL DEFAULT 'charge' COMMENT 'As in payments',
  `currency` char(3) COLLATE ascii_bin NOT NULL DEFAULT 'USD' COMMENT 'ISO 4217 (not personal)',
  `amount` decimal(10,2) NOT NULL COMMENT 'Below 0 for a refund: facts add up to what stayed',
  `instructor_share` decimal(10,2) NOT NULL DEFAULT '0.00' COMMENT 'As in payout_items',
  PRIMARY KEY (`payment_id`),
  KEY `facts_of_day` (`date_key`),
  KEY `facts_of_course` (`course_id`,`date_key`),
  KEY `facts_of_user` (`user_id`),
  CONSTRAINT `a_fact_is_about_a_course` FOREIGN KEY (`course_id`) REFERENCES `dim_course` (`course_id`),
  CONSTRAINT `a_fact_is_about_a_user` FOREIGN KEY (`user_id`) REFERENCES `dim_user` (`user_id`),
  CONSTRAINT `a_fact_is_of_a_day` FOREIGN KEY (`date_key`) REFERENCES `dim_date` (`date_key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Star: what was sold and given back, by day; by refresh_star';

CREATE TABLE `flash_sale_stock` (
  `sale_id` bigint unsigned NOT NULL COMMENT 'Which sale',
  `slot` smallint unsigned NOT NULL COMMENT 'Which part of its stock, from 0',
  `seats_left` int unsigned NOT NULL DEFAULT '0' COMMENT 'Not sold yet',
  PRIMARY KEY (`sale_id`,`slot`),
  CONSTRAINT `stock_belongs_to_a_sale` FOREIGN KEY (`sale_id`) REFERENCES `flash_sales` (`sale_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='The stock of a sale, spread over rows so that buyers do not queue on one';

CREATE TABLE `flash_sale_terms` (
  `sale_id` bigint unsigned NOT NULL COMMENT 'Which sale',
  `course_id` bigint unsigned NOT NULL COMMENT 'As in flash_sales',
  `discount_price` decimal(10,2) NOT NULL COMMENT 'As in flash_sales, USD',
  `start_time` datetime(6) NOT NULL COMMENT 'As in flash_sales, UTC',
  `end_time` datetime(6) NOT NULL COMMENT 'As in flash_sales, UTC',
  `state` enum('open','settled','folded') NOT NULL DEFAULT 'open' COMMENT 'open: unsold seats are set aside; settled: they came back; folded: and seats_taken is final',
  `slots` smallint unsigned NOT NULL DEFAULT '0' COMMENT 'Rows of flash_sale_stock',
  PRIMARY KEY (`sale_id`),
  KEY `sales_to_settle` (`course_id`,`state`,`end_time`),
  KEY `sales_to_fold` (`state`),
  CONSTRAINT `terms_belong_to_a_sale` FOREIGN KEY (`sale_id`) REFERENCES `flash_sales` (`sale_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='What buyers lock for reading instead of the sale, so that the fold writes to it meanwhile; kept by triggers';

CREATE TABLE `flash_sales` (
  `sale_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which sale',
  `course_id` bigint unsigned NOT NULL COMMENT 'Of what',
  `max_seats` int unsigned NOT NULL COMMENT 'Never more buyers than this',
  `seats_taken` int unsigned NOT NULL DEFAULT '0' COMMENT 'Counter: at most one fold old; flash_sale_status is exact',
  `discount_price` decimal(10,2) NOT NULL COMMENT 'In USD; 0: free',
  `start_time` datetime(6) NOT NULL COMMENT 'UTC, first moment',
  `end_time` datetime(6) NOT NULL COMMENT 'UTC, last moment',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  `updated_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC, by trigger; the counter does not move it',
  `created_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account',
  `updated_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account, by trigger',
  PRIMARY KEY (`sale_id`),
  KEY `sales_of_course` (`course_id`),
  CONSTRAINT `a_sale_is_of_a_course` FOREIGN KEY (`course_id`) REFERENCES `courses` (`course_id`),
  CONSTRAINT `a_sale_ends_after_it_starts` CHECK ((`end_time` > `start_time`)),
  CONSTRAINT `a_sale_has_seats` CHECK ((`max_seats` > 0)),
  CONSTRAINT `a_sale_price_is_not_negative` CHECK ((`discount_price` >= 0))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='A few seats of a course, cheaper, for a short time';

CREATE TABLE `fraud_alerts` (
  `alert_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which alert',
  `payment_id` bigint unsigned DEFAULT NULL COMMENT 'The payment it led to; NULL: none was made',
  `user_id` bigint unsigned NOT NULL COMMENT 'Who',
  `rule_id` bigint unsigned NOT NULL COMMENT 'What fired',
  `alert_level` enum('low','medium','high','critical') NOT NULL DEFAULT 'low' COMMENT 'From the score; critical: blocked alone',
  `alert_data` json DEFAULT NULL COMMENT 'The figures: metric, value, over, score, amount (not personal)',
  `status` enum('pending','reviewed','false_positive','confirmed_fraud') NOT NULL DEFAULT 'pending' COMMENT 'What a person made of it',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  `reviewed_at` datetime(6) DEFAULT NULL COMMENT 'UTC',
  `reviewed_by` bigint unsigned DEFAULT NULL COMMENT 'The person',
  PRIMARY KEY (`alert_id`),
  KEY `alerts_of_user` (`user_id`,`created_at`),
  KEY `alerts_by_rule` (`rule_id`),
  KEY `alerts_reviewed_by` (`reviewed_by`),
  KEY `alerts_to_review` (`status`,`created_at`),
  CONSTRAINT `an_alert_is_about_a_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`user_id`),
  CONSTRAINT `an_alert_is_raised_by_a_rule` FOREIGN KEY (`rule_id`) REFERENCES `fraud_detection_rules` (`rule_id`),
  CONSTRAINT `an_alert_is_reviewed_by_a_user` FOREIGN KEY (`reviewed_by`) REFERENCES `users` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='One row per rule that fired';

CREATE TABLE `fraud_detection_rules` (
  `rule_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which rule',
  `rule_name` varchar(100) NOT NULL COMMENT 'For people (not personal)',
  `rule_type` enum('velocity','amount','location','pattern') NOT NULL DEFAULT 'amount' COMMENT 'What it looks at',
  `rule_condition` json NOT NULL DEFAULT (json_object('metric','amount','over',1e9,'score',0)) COMMENT '{"metric": M, "over": N, "score": S}: M above N scores S (not personal)',
  `action` enum('flag','block','require_verification') NOT NULL DEFAULT 'flag' COMMENT 'block: firing is enough to block',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  `updated_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC, by trigger',
  `created_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account',
  `updated_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account, by trigger',
  PRIMARY KEY (`rule_id`),
  CONSTRAINT `a_condition_has_a_known_metric_a_limit_and_a_score` CHECK (json_schema_valid('{\n    "type": "object",\n    "required": ["metric", "over", "score"],\n    "additionalProperties": false,\n    "properties": {\n      "metric": {"enum": ["payments_24h", "spent_24h", "amount", "times_average"]},\n      "over":   {"type": "number", "minimum": 0, "maximum": 1000000000000},\n      "score":  {"type": "integer", "minimum": 0, "maximum": 1000}\n    }\n  }',`rule_condition`))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='What makes a purchase suspicious; a new row takes effect at once';

CREATE TABLE `instructor_accounts` (
  `account` varchar(288) COLLATE utf8mb4_bin NOT NULL COMMENT 'Database account as name@host, the host a pattern as in GRANT (not personal)',
  `user_id` bigint unsigned NOT NULL COMMENT 'The instructor it belongs to',
  `account_name` varchar(288) COLLATE utf8mb4_bin GENERATED ALWAYS AS (if(locate('@',`account`),left(`account`,((char_length(`account`) - char_length(substring_index(`account`,'@',-(1)))) - 1)),`account`)) STORED NOT NULL COMMENT 'Before the last @',
  `account_host` varchar(288) COLLATE utf8mb4_bin GENERATED ALWAYS AS (if(locate('@',`account`),substring_index(`account`,'@',-(1)),'%')) STORED NOT NULL COMMENT 'Behind the last @; % where none is given',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  PRIMARY KEY (`account`,`user_id`),
  KEY `accounts_by_name` (`account_name`),
  KEY `accounts_of_instructor` (`user_id`),
  CONSTRAINT `an_account_belongs_to_a_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Which database account is which instructor';

CREATE TABLE `lesson_progress` (
  `progress_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which progress',
  `student_id` bigint unsigned NOT NULL COMMENT 'Who',
  `lesson_id` bigint unsigned NOT NULL COMMENT 'Where',
  `completed` tinyint(1) NOT NULL DEFAULT '0' COMMENT 'Never goes back; with sections: when all of them are',
  `completed_at` datetime(6) DEFAULT NULL COMMENT 'UTC',
  `time_spent_minutes` int unsigned NOT NULL DEFAULT '0' COMMENT 'Reported minutes, those of its sections included',
  PRIMARY KEY (`progress_id`),
  UNIQUE KEY `one_progress_per_student_and_lesson` (`student_id`,`lesson_id`),
  KEY `progress_in_lesson` (`lesson_id`),
  CONSTRAINT `lesson_progress_is_in_a_lesson` FOREIGN KEY (`lesson_id`) REFERENCES `lessons` (`lesson_id`),
  CONSTRAINT `lesson_progress_is_of_a_student` FOREIGN KEY (`student_id`) REFERENCES `users` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='How far a student is in a lesson';

CREATE TABLE `lesson_sections` (
  `section_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which section',
  `lesson_id` bigint unsigned NOT NULL COMMENT 'Part of',
  `title` varchar(200) NOT NULL COMMENT 'Shown in the outline (not personal)',
  `type` enum('text','video','quiz','assignment') NOT NULL DEFAULT 'text' COMMENT 'What the student does',
  `content` text COMMENT 'Text of the section (not personal)',
  `duration_minutes` int unsigned NOT NULL DEFAULT '0' COMMENT 'Planned length, minutes',
  `order_index` int unsigned NOT NULL DEFAULT '0' COMMENT 'Place in the lesson, ties by section_id',
  PRIMARY KEY (`section_id`),
  KEY `sections_in_order` (`lesson_id`,`order_index`),
  CONSTRAINT `a_section_belongs_to_a_lesson` FOREIGN KEY (`lesson_id`) REFERENCES `lessons` (`lesson_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Parts of a lesson';

CREATE TABLE `lessons` (
  `lesson_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which lesson',
  `course_id` bigint unsigned NOT NULL COMMENT 'Part of',
  `title` varchar(200) NOT NULL COMMENT 'Shown in the outline (not personal)',
  `content` text COMMENT 'Text of the lesson (not personal)',
  `video_url` varchar(500) DEFAULT NULL COMMENT 'Video of the lesson (not personal)',
  `duration_minutes` int unsigned NOT NULL DEFAULT '0' COMMENT 'Planned length, minutes',
  `order_index` int unsigned NOT NULL DEFAULT '0' COMMENT 'Place in the course, ties by lesson_id',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  `updated_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC, by trigger',
  `created_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account',
  `updated_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account, by trigger',
  PRIMARY KEY (`lesson_id`),
  KEY `lessons_in_order` (`course_id`,`order_index`),
  CONSTRAINT `a_lesson_belongs_to_a_course` FOREIGN KEY (`course_id`) REFERENCES `courses` (`course_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Parts of a course';

CREATE TABLE `mutexes` (
  `name` varchar(64) COLLATE ascii_bin NOT NULL COMMENT 'What is done by one transaction at a time',
  `description` varchar(200) NOT NULL DEFAULT '' COMMENT 'Why no row of its own can be locked (not personal)',
  `held_by` bigint unsigned DEFAULT NULL COMMENT 'Connection of the transaction that may now do what triggers refuse to others',
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Rows to lock where a rule spans rows that do not exist yet';

CREATE TABLE `order_events` (
  `event_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which event',
  `order_id` bigint unsigned NOT NULL COMMENT 'Of which order',
  `from_status` enum('pending_payment','confirmed','payment_failed','cancelled','refunded') DEFAULT NULL COMMENT 'Before; NULL: it was placed',
  `to_status` enum('pending_payment','confirmed','payment_failed','cancelled','refunded') NOT NULL DEFAULT 'pending_payment' COMMENT 'After',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  PRIMARY KEY (`event_id`),
  KEY `events_of_order` (`order_id`),
  CONSTRAINT `an_event_is_of_an_order` FOREIGN KEY (`order_id`) REFERENCES `orders` (`order_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Every status of every order, in order; append-only, written by triggers';

CREATE TABLE `order_items` (
  `order_id` bigint unsigned NOT NULL COMMENT 'Which order',
  `course_id` bigint unsigned NOT NULL COMMENT 'What',
  `unit_price` decimal(10,2) NOT NULL COMMENT 'USD, the price when the order was placed',
  `discount_amount` decimal(10,2) NOT NULL DEFAULT '0.00' COMMENT 'USD, its part of the order''s discount',
  `tax_amount` decimal(10,2) NOT NULL DEFAULT '0.00' COMMENT 'USD, its part of the order''s tax',
  `amount` decimal(10,2) GENERATED ALWAYS AS (((`unit_price` - `discount_amount`) + `tax_amount`)) STORED COMMENT 'USD, what is charged for it',
  PRIMARY KEY (`order_id`,`course_id`),
  KEY `orders_of_course` (`course_id`),
  CONSTRAINT `an_item_belongs_to_an_order` FOREIGN KEY (`order_id`) REFERENCES `orders` (`order_id`),
  CONSTRAINT `an_item_is_a_course` FOREIGN KEY (`course_id`) REFERENCES `courses` (`course_id`),
  CONSTRAINT `a_unit_price_is_not_negative` CHECK ((`unit_price` >= 0)),
  CONSTRAINT `an_items_discount_is_at_most_its_price` CHECK ((`discount_amount` between 0 and `unit_price`)),
  CONSTRAINT `an_items_tax_is_not_negative` CHECK ((`tax_amount` >= 0))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='The parts of an order; they add up to it';

CREATE TABLE `orders` (
  `order_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which order',
  `user_id` bigint unsigned NOT NULL COMMENT 'Who buys',
  `promotion_id` bigint unsigned DEFAULT NULL COMMENT 'The promotion it was placed with',
  `status` enum('pending_payment','confirmed','payment_failed','cancelled','refunded') NOT NULL DEFAULT 'pending_payment' COMMENT 'cancelled: nobody answered in time',
  `subtotal` decimal(12,2) NOT NULL DEFAULT '0.00' COMMENT 'USD, sum of the unit prices',
  `discount_amount` decimal(12,2) NOT NULL DEFAULT '0.00' COMMENT 'USD, off the subtotal',
  `tax_amount` decimal(12,2) NOT NULL DEFAULT '0.00' COMMENT 'USD, policy tax_percent of subtotal less discount',
  `total` decimal(12,2) NOT NULL DEFAULT '0.00' COMMENT 'USD, what is paid',
  `failure_reason` varchar(500) DEFAULT NULL COMMENT 'Why it failed, in somebody''s words (personal)',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  PRIMARY KEY (`order_id`),
  KEY `orders_of_user` (`user_id`,`created_at`),
  KEY `orders_with_promotion` (`promotion_id`),
  KEY `orders_by_status` (`status`,`created_at`),
  CONSTRAINT `an_order_is_by_a_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`user_id`),
  CONSTRAINT `an_order_uses_a_promotion` FOREIGN KEY (`promotion_id`) REFERENCES `promotions` (`promotion_id`),
  CONSTRAINT `a_discount_is_at_most_the_subtotal` CHECK ((`discount_amount` between 0 and `subtotal`)),
  CONSTRAINT `a_tax_is_not_negative` CHECK ((`tax_amount` >= 0)),
  CONSTRAINT `a_total_adds_up` CHECK ((`total` = ((`subtotal` - `discount_amount`) + `tax_amount`)))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Several courses bought at once; amounts never change, every status is an event';

CREATE TABLE `payment_clocks` (
  `user_id` bigint unsigned NOT NULL COMMENT 'Whose payments; no foreign key: it would lock the user',
  `changed_at` datetime(6) DEFAULT NULL COMMENT 'UTC; when one of them last changed; NULL: there was none',
  PRIMARY KEY (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Tells a snapshot that does not show a user''s last payment that it is old; by trigger';

CREATE TABLE `payment_events` (
  `event_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which event',
  `payment_id` bigint unsigned NOT NULL COMMENT 'Of which payment',
  `event_type` enum('initiated','payment_gateway_called','payment_gateway_success','payment_gateway_failed','enrollment_created','completion_confirmed','refunded','failed') NOT NULL DEFAULT 'initiated' COMMENT 'What happened',
  `event_data` json DEFAULT NULL COMMENT 'Ids and amounts only (not personal)',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  PRIMARY KEY (`event_id`),
  KEY `events_of_payment` (`payment_id`),
  CONSTRAINT `an_event_is_of_a_payment` FOREIGN KEY (`payment_id`) REFERENCES `payments` (`payment_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='What happened to a payment, in order; append-only';

CREATE TABLE `payment_events_history` (
  `event_id` bigint unsigned NOT NULL COMMENT 'As in payment_events',
  `charged_at` datetime(6) NOT NULL COMMENT 'UTC; as of its payment in payments_history: decides the partition',
  `payment_id` bigint unsigned NOT NULL COMMENT 'As in payment_events',
  `event_type` enum('initiated','payment_gateway_called','payment_gateway_success','payment_gateway_failed','enrollment_created','completion_confirmed','refunded','failed') NOT NULL DEFAULT 'initiated' COMMENT 'As in payment_events',
  `event_data` json DEFAULT NULL COMMENT 'As in payment_events (not personal)',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC, as in payment_events',
  PRIMARY KEY (`event_id`,`charged_at`),
  KEY `archived_events_of_payment` (`payment_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='What happened to closed payments; append-only, dropped with the year of their charge'
/*!50500 PARTITION BY RANGE  COLUMNS(charged_at)
(PARTITION p2023 VALUES LESS THAN ('2024-01-01') ENGINE = InnoDB,
 PARTITION p2024 VALUES LESS THAN ('2025-01-01') ENGINE = InnoDB,
 PARTITION p2025 VALUES LESS THAN ('2026-01-01') ENGINE = InnoDB,
 PARTITION p2026 VALUES LESS THAN ('2027-01-01') ENGINE = InnoDB,
 PARTITION p2027 VALUES LESS THAN ('2028-01-01') ENGINE = InnoDB) */;

CREATE TABLE `payment_keys` (
  `key_type` enum('transaction_id','idempotency_key') NOT NULL COMMENT 'Which column of payments it was in',
  `payment_key` varchar(120) COLLATE ascii_bin NOT NULL COMMENT 'The gateway''s id or the caller''s key (not personal)',
  `payment_id` bigint unsigned NOT NULL COMMENT 'Whose it was; no foreign key: the payment may stand in the history, or be dropped from it',
  PRIMARY KEY (`key_type`,`payment_key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Every transaction id and idempotency key ever used, for good: an old one charges nothing again; by trigger';

CREATE TABLE `payments` (
  `payment_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which payment',
  `user_id` bigint unsigned NOT NULL COMMENT 'Who pays or is paid back',
  `enrollment_id` bigint unsigned DEFAULT NULL COMMENT 'What it paid for',
  `subscription_id` bigint unsigned DEFAULT NULL COMMENT 'What it paid for',
  `order_id` bigint unsigned DEFAULT NULL COMMENT 'The order it belongs to',
  `kind` enum('charge','refund') NOT NULL DEFAULT 'charge' COMMENT 'Which way the money goes',
  `amount` decimal(10,2) NOT NULL COMMENT 'Above 0 for a charge, below for a refund',
  `currency` char(3) COLLATE ascii_bin NOT NULL DEFAULT 'USD' COMMENT 'ISO 4217 (not personal)',
  `payment_method` enum('credit_card','paypal','stripe','bank_transfer') NOT NULL DEFAULT 'credit_card' COMMENT 'How',
  `payment_method_token` varchar(255) COLLATE ascii_bin DEFAULT NULL COMMENT 'The gateway''s token, never card data (personal)',
  `payment_gateway` varchar(50) DEFAULT NULL COMMENT 'Through whom (not personal)',
  `status` enum('pending','completed','failed','refunded') NOT NULL DEFAULT 'pending' COMMENT 'How it went',
  `transaction_id` varchar(120) COLLATE ascii_bin DEFAULT NULL COMMENT 'The gateway''s id; refund_<id of the charge> for a refund',
  `idempotency_key` varchar(120) COLLATE ascii_bin DEFAULT NULL COMMENT 'The caller''s key',
  `refund_of` bigint unsigned DEFAULT NULL COMMENT 'The charge that a refund gives back',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  `processed_at` datetime(6) DEFAULT NULL COMMENT 'UTC; when it left pending',
  `course_id` bigint unsigned DEFAULT NULL COMMENT 'What it is for, where that is not told by an enrollment yet',
  `answers` bigint unsigned DEFAULT NULL COMMENT 'The payment that this money came for too late or a second time',
  `reason` varchar(500) DEFAULT NULL COMMENT 'Why it failed or was given back, in somebody''s words (personal)',
  PRIMARY KEY (`payment_id`),
  UNIQUE KEY `one_payment_per_transaction` (`transaction_id`),
  UNIQUE KEY `one_payment_per_key` (`idempotency_key`),
  UNIQUE KEY `a_charge_is_refunded_at_most_once` (`refund_of`),
  KEY `payments_of_user` (`user_id`,`created_at`),
  KEY `payments_of_subscription` (`subscription_id`),
  KEY `payments_by_day` (`processed_at`),
  KEY `payments_of_order` (`order_id`),
  KEY `payments_for_course` (`course_id`),
  KEY `late_answers` (`answers`),
  KEY `payments_by_status` (`status`,`created_at`),
  KEY `payments_of_enrollment` (`enrollment_id`,`status`),
  CONSTRAINT `a_charge_is_for_a_course` FOREIGN KEY (`course_id`) REFERENCES `courses` (`course_id`),
  CONSTRAINT `a_charge_is_for_a_subscription` FOREIGN KEY (`subscription_id`) REFERENCES `subscriptions` (`subscription_id`),
  CONSTRAINT `a_charge_is_for_an_order` FOREIGN KEY (`order_id`) REFERENCES `orders` (`order_id`),
  CONSTRAINT `a_late_answer_names_its_payment` FOREIGN KEY (`answers`) REFERENCES `payments` (`payment_id`),
  CONSTRAINT `a_payment_is_by_a_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`user_id`),
  CONSTRAINT `a_payment_is_for_an_enrollment` FOREIGN KEY (`enrollment_id`) REFERENCES `enrollments` (`enrollment_id`),
  CONSTRAINT `a_refund_names_its_charge` FOREIGN KEY (`refund_of`) REFERENCES `payments` (`payment_id`),
  CONSTRAINT `a_charge_is_above_zero` CHECK (((`kind` <> 'charge') or ((`amount` > 0) and (`refund_of` is null)))),
  CONSTRAINT `a_charge_leaves_room_for_its_refunds_id` CHECK (((`kind` <> 'charge') or (char_length(`transaction_id`) <= 113))),
  CONSTRAINT `a_refund_is_below_zero` CHECK (((`kind` <> 'refund') or ((`amount` < 0) and (`refund_of` is not null)))),
  CONSTRAINT `only_a_charge_answers` CHECK (((`kind` = 'charge') or (`answers` is null)))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Charges and refunds; no card data';

CREATE TABLE `payments_history` (
  `payment_id` bigint unsigned NOT NULL COMMENT 'As in payments',
  `charged_at` datetime(6) NOT NULL COMMENT 'UTC; when the charge was created, a refund''s charge: decides the partition',
  `user_id` bigint unsigned NOT NULL COMMENT 'As in payments',
  `enrollment_id` bigint unsigned DEFAULT NULL COMMENT 'As in payments',
  `subscription_id` bigint unsigned DEFAULT NULL COMMENT 'As in payments',
  `order_id` bigint unsigned DEFAULT NULL COMMENT 'As in payments',
  `kind` enum('charge','refund') NOT NULL DEFAULT 'charge' COMMENT 'As in payments',
  `amount` decimal(10,2) NOT NULL COMMENT 'As in payments',
  `currency` char(3) COLLATE ascii_bin NOT NULL DEFAULT 'USD' COMMENT 'As in payments (not personal)',
  `payment_method` enum('credit_card','paypal','stripe','bank_transfer') NOT NULL DEFAULT 'credit_card' COMMENT 'As in payments',
  `payment_method_token` varchar(255) COLLATE ascii_bin DEFAULT NULL COMMENT 'As in payments (personal)',
  `payment_gateway` varchar(50) DEFAULT NULL COMMENT 'As in payments (not personal)',
  `status` enum('pending','completed','failed','refunded') NOT NULL DEFAULT 'completed' COMMENT 'As in payments',
  `transaction_id` varchar(120) COLLATE ascii_bin DEFAULT NULL COMMENT 'As in payments (not personal)',
  `idempotency_key` varchar(120) COLLATE ascii_bin DEFAULT NULL COMMENT 'As in payments (not personal)',
  `refund_of` bigint unsigned DEFAULT NULL COMMENT 'As in payments',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC, as in payments',
  `processed_at` datetime(6) DEFAULT NULL COMMENT 'UTC, as in payments',
  `course_id` bigint unsigned DEFAULT NULL COMMENT 'As in payments',
  `answers` bigint unsigned DEFAULT NULL COMMENT 'As in payments',
  `reason` varchar(500) DEFAULT NULL COMMENT 'As in payments (personal)',
  `archived_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC; when it was moved here',
  PRIMARY KEY (`payment_id`,`charged_at`),
  KEY `archived_payments_by_day` (`processed_at`),
  KEY `archived_payments_of_user` (`user_id`),
  KEY `archived_payments_of_enrollment` (`enrollment_id`),
  KEY `archived_payments_of_order` (`order_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Closed payments by the year of the charge; moved here by archive_payments, dropped by maintain_partitions'
/*!50500 PARTITION BY RANGE  COLUMNS(charged_at)
(PARTITION p2023 VALUES LESS THAN ('2024-01-01') ENGINE = InnoDB,
 PARTITION p2024 VALUES LESS THAN ('2025-01-01') ENGINE = InnoDB,
 PARTITION p2025 VALUES LESS THAN ('2026-01-01') ENGINE = InnoDB,
 PARTITION p2026 VALUES LESS THAN ('2027-01-01') ENGINE = InnoDB,
 PARTITION p2027 VALUES LESS THAN ('2028-01-01') ENGINE = InnoDB) */;

CREATE TABLE `payments_to_check` (
  `payment_id` bigint unsigned NOT NULL COMMENT 'A charge that came for an enrollment that was paid for or refunded; no foreign key: it may stand in the history',
  `noted_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  PRIMARY KEY (`payment_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Where v_payments_to_reconcile looks for an enrollment paid twice or refunded; by trigger, few';

CREATE TABLE `payout_items` (
  `payment_id` bigint unsigned NOT NULL COMMENT 'The charge, or the refund that claws back; no foreign key: it may stand in the history',
  `instructor_id` bigint unsigned NOT NULL COMMENT 'Who taught the course at the time; no foreign key: it would lock the instructor',
  `course_id` bigint unsigned NOT NULL COMMENT 'What was sold; no foreign key: as above',
  `occurred_at` datetime(6) NOT NULL COMMENT 'UTC; when the charge completed or the money went back',
  `gross` decimal(10,2) NOT NULL COMMENT 'Amount of the payment; below 0 for a refund',
  `currency` char(3) COLLATE ascii_bin NOT NULL DEFAULT 'USD' COMMENT 'ISO 4217 (not personal)',
  `share_percent` decimal(5,2) NOT NULL DEFAULT '0.00' COMMENT 'The rate in force at the sale',
  `amount` decimal(10,2) NOT NULL COMMENT 'The instructor''s share to the cent, half up; a refund''s is minus its charge''s',
  `payout_id` bigint unsigned DEFAULT NULL COMMENT 'The batch it was paid in; NULL: not yet',
  PRIMARY KEY (`payment_id`),
  KEY `items_to_pay` (`instructor_id`,`payout_id`,`occurred_at`),
  KEY `items_of_payout` (`payout_id`,`occurred_at`),
  CONSTRAINT `an_item_is_paid_in_a_batch` FOREIGN KEY (`payout_id`) REFERENCES `payouts` (`payout_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='The instructor''s share of each sale, frozen when it is made; written by triggers';

CREATE TABLE `payout_rates` (
  `payout_rate_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which rate',
  `valid_from` date NOT NULL DEFAULT (utc_date()) COMMENT 'UTC, first day; in force until the next one begins',
  `share_percent` decimal(5,2) NOT NULL DEFAULT '70.00' COMMENT 'Of a sale, to its instructor',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  `created_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account',
  PRIMARY KEY (`payout_rate_id`),
  UNIQUE KEY `one_rate_begins_a_day` (`valid_from`),
  CONSTRAINT `a_share_is_a_percentage` CHECK ((`share_percent` between 0 and 100))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='The instructor''s share by the day of the sale; a new row changes no sale that was made';

CREATE TABLE `payouts` (
  `payout_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which batch',
  `instructor_id` bigint unsigned NOT NULL COMMENT 'Who is paid',
  `period_end` date NOT NULL DEFAULT (utc_date()) COMMENT 'UTC, last day',
  `currency` char(3) COLLATE ascii_bin NOT NULL DEFAULT 'USD' COMMENT 'ISO 4217 (not personal)',
  `amount` decimal(12,2) NOT NULL COMMENT 'Sum of its items; below 0: more was clawed back than earned',
  `items` int unsigned NOT NULL DEFAULT '0' COMMENT 'How many they are',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  PRIMARY KEY (`payout_id`),
  UNIQUE KEY `one_batch_per_instructor_and_period` (`instructor_id`,`period_end`,`currency`),
  CONSTRAINT `a_payout_is_to_an_instructor` FOREIGN KEY (`instructor_id`) REFERENCES `users` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='What instructors are paid, one batch per period; by create_payouts';

CREATE TABLE `policies` (
  `name` varchar(64) COLLATE ascii_bin NOT NULL COMMENT 'What a procedure asks for',
  `value` decimal(12,2) NOT NULL DEFAULT '0.00' COMMENT 'The number in force',
  `description` varchar(200) NOT NULL DEFAULT '' COMMENT 'What it does, with its unit (not personal)',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  `updated_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC, by trigger',
  `created_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account',
  `updated_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account, by trigger',
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Numbers a business changes; read by the procedures, written nowhere else';

CREATE TABLE `price_history` (
  `change_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which change',
  `course_id` bigint unsigned NOT NULL COMMENT 'Of which course',
  `price_before` decimal(10,2) NOT NULL COMMENT 'USD',
  `price_after` decimal(10,2) NOT NULL COMMENT 'USD',
  `changed_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  `changed_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account',
  PRIMARY KEY (`change_id`),
  KEY `changes_of_course` (`course_id`,`change_id`),
  CONSTRAINT `a_price_change_is_of_a_course` FOREIGN KEY (`course_id`) REFERENCES `courses` (`course_id`),
  CONSTRAINT `a_price_change_changes_the_price` CHECK ((`price_before` <> `price_after`))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Every change of a price, by trigger; append-only';

CREATE TABLE `promotion_uses` (
  `promotion_id` bigint unsigned NOT NULL COMMENT 'Which promotion',
  `order_id` bigint unsigned NOT NULL COMMENT 'In which order; a failed order gives its use back',
  `user_id` bigint unsigned NOT NULL COMMENT 'By whom',
  `used_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  PRIMARY KEY (`promotion_id`,`order_id`),
  UNIQUE KEY `one_promotion_per_order` (`order_id`),
  KEY `uses_by_customer` (`promotion_id`,`user_id`),
  KEY `promotions_used_by_user` (`user_id`),
  CONSTRAINT `a_use_is_by_a_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`user_id`),
  CONSTRAINT `a_use_is_in_an_order` FOREIGN KEY (`order_id`) REFERENCES `orders` (`order_id`),
  CONSTRAINT `a_use_is_of_a_promotion` FOREIGN KEY (`promotion_id`) REFERENCES `promotions` (`promotion_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Who used which promotion; its limits are decided on these rows';

CREATE TABLE `promotions` (
  `promotion_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which promotion',
  `code` varchar(50) COLLATE ascii_bin NOT NULL COMMENT 'What the buyer types',
  `discount_type` enum('percentage','fixed_amount') NOT NULL DEFAULT 'percentage' COMMENT 'What amount means',
  `amount` decimal(10,2) NOT NULL COMMENT 'Percent, or USD off what it applies to',
  `min_purchase` decimal(10,2) NOT NULL DEFAULT '0.00' COMMENT 'The whole order must be worth this, USD, before discount and tax',
  `max_uses` int unsigned DEFAULT NULL COMMENT 'In total; NULL: no limit',
  `uses_count` int unsigned NOT NULL DEFAULT '0' COMMENT 'Rows of promotion_uses; exact, by trigger',
  `per_customer` int unsigned DEFAULT NULL COMMENT 'Uses by one buyer; NULL: no limit',
  `valid_from` datetime(6) DEFAULT NULL COMMENT 'UTC, first moment; NULL: always was',
  `valid_until` datetime(6) DEFAULT NULL COMMENT 'UTC, last moment; NULL: for good',
  `is_active` tinyint(1) NOT NULL DEFAULT '1' COMMENT 'FALSE: switched off',
  `course_id` bigint unsigned DEFAULT NULL COMMENT 'Only this course',
  `category_id` bigint unsigned DEFAULT NULL COMMENT 'Only courses of this category and those below it',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  `updated_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC, by trigger; a use does not move it',
  `created_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account',
  `updated_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account, by trigger',
  PRIMARY KEY (`promotion_id`),
  UNIQUE KEY `one_promotion_per_code` (`code`),
  KEY `promotions_of_course` (`course_id`),
  KEY `promotions_of_category` (`category_id`),
  CONSTRAINT `a_promotion_is_for_a_category` FOREIGN KEY (`category_id`) REFERENCES `categories` (`category_id`),
  CONSTRAINT `a_promotion_is_of_a_course` FOREIGN KEY (`course_id`) REFERENCES `courses` (`course_id`),
  CONSTRAINT `a_code_has_no_question_mark` CHECK ((not((`code` like '%?%')))),
  CONSTRAINT `a_minimum_is_not_negative` CHECK ((`min_purchase` >= 0)),
  CONSTRAINT `a_percentage_is_at_most_all` CHECK (((`discount_type` <> 'percentage') or (`amount` <= 100))),
  CONSTRAINT `a_promotion_ends_after_it_starts` CHECK ((`valid_until` > `valid_from`)),
  CONSTRAINT `a_promotion_gives_something` CHECK ((`amount` > 0)),
  CONSTRAINT `a_promotion_is_of_a_course_or_a_category` CHECK (((`course_id` is null) or (`category_id` is null)))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Codes that make an order cheaper: everywhere, for a course, or for a category';

CREATE TABLE `quiz_attempts` (
  `attempt_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which attempt',
  `student_id` bigint unsigned NOT NULL COMMENT 'Who tried',
  `quiz_id` bigint unsigned NOT NULL COMMENT 'What',
  `score` decimal(6,2) NOT NULL COMMENT 'Points reached',
  `attempt_date` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  PRIMARY KEY (`attempt_id`),
  KEY `attempts_of_student` (`student_id`,`quiz_id`),
  KEY `attempts_at_quiz` (`quiz_id`),
  CONSTRAINT `an_attempt_is_at_a_quiz` FOREIGN KEY (`quiz_id`) REFERENCES `quizzes` (`quiz_id`),
  CONSTRAINT `an_attempt_is_by_a_student` FOREIGN KEY (`student_id`) REFERENCES `users` (`user_id`),
  CONSTRAINT `a_score_is_not_negative` CHECK ((`score` >= 0))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Every try at a quiz, passed or not';

CREATE TABLE `quizzes` (
  `quiz_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which quiz',
  `lesson_id` bigint unsigned NOT NULL COMMENT 'Part of',
  `title` varchar(200) NOT NULL COMMENT 'Shown to students (not personal)',
  `passing_score` decimal(6,2) NOT NULL DEFAULT '60.00' COMMENT 'Points needed to pass',
  PRIMARY KEY (`quiz_id`),
  KEY `quizzes_of_lesson` (`lesson_id`),
  CONSTRAINT `a_quiz_belongs_to_a_lesson` FOREIGN KEY (`lesson_id`) REFERENCES `lessons` (`lesson_id`),
  CONSTRAINT `a_passing_score_is_not_negative` CHECK ((`passing_score` >= 0))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Tests of a lesson';

CREATE TABLE `receipts` (
  `operation` varchar(40) COLLATE ascii_bin NOT NULL COMMENT 'The procedure',
  `receipt_key` varchar(120) COLLATE ascii_bin NOT NULL COMMENT 'The caller''s transaction id or key',
  `arguments_sha256` char(64) COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'Of the other arguments (not personal)',
  `outcome` json DEFAULT NULL COMMENT 'What the first call returned and a repeated one returns (not personal)',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  PRIMARY KEY (`operation`,`receipt_key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='What a repeated call returns; written with what it speaks of';

CREATE TABLE `reviews` (
  `review_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which review',
  `student_id` bigint unsigned NOT NULL COMMENT 'By whom',
  `course_id` bigint unsigned NOT NULL COMMENT 'Of what',
  `rating` tinyint unsigned NOT NULL COMMENT '1 to 5',
  `comment` text COMMENT 'In the words of the student (personal)',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  PRIMARY KEY (`review_id`),
  UNIQUE KEY `one_review_per_student_and_course` (`student_id`,`course_id`),
  KEY `reviews_of_course` (`course_id`,`created_at`),
  CONSTRAINT `a_review_is_by_a_student` FOREIGN KEY (`student_id`) REFERENCES `users` (`user_id`),
  CONSTRAINT `a_review_is_of_a_course` FOREIGN KEY (`course_id`) REFERENCES `courses` (`course_id`),
  CONSTRAINT `a_rating_is_one_to_five` CHECK ((`rating` between 1 and 5))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='What students think of a course';

CREATE TABLE `seat_holds` (
  `student_id` bigint unsigned NOT NULL COMMENT 'For whom',
  `course_id` bigint unsigned NOT NULL COMMENT 'A seat of what',
  `payment_id` bigint unsigned DEFAULT NULL COMMENT 'The pending payment that holds it',
  `order_id` bigint unsigned DEFAULT NULL COMMENT 'The pending order that holds it',
  `held_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  PRIMARY KEY (`student_id`,`course_id`),
  UNIQUE KEY `one_hold_per_payment` (`payment_id`),
  KEY `holds_of_order` (`order_id`),
  KEY `holds_on_course` (`course_id`),
  CONSTRAINT `a_held_seat_is_of_a_course` FOREIGN KEY (`course_id`) REFERENCES `courses` (`course_id`),
  CONSTRAINT `a_seat_is_held_by_a_payment` FOREIGN KEY (`payment_id`) REFERENCES `payments` (`payment_id`),
  CONSTRAINT `a_seat_is_held_by_an_order` FOREIGN KEY (`order_id`) REFERENCES `orders` (`order_id`),
  CONSTRAINT `a_seat_is_held_for_a_student` FOREIGN KEY (`student_id`) REFERENCES `users` (`user_id`),
  CONSTRAINT `a_hold_is_of_a_payment_or_an_order` CHECK (((`payment_id` is null) <> (`order_id` is null)))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Seats taken by what is not paid yet: one per student and course; triggers count them in course_seats';

CREATE TABLE `section_progress` (
  `progress_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which progress',
  `student_id` bigint unsigned NOT NULL COMMENT 'Who',
  `section_id` bigint unsigned NOT NULL COMMENT 'Where',
  `completed` tinyint(1) NOT NULL DEFAULT '0' COMMENT 'Never goes back',
  `completed_at` datetime(6) DEFAULT NULL COMMENT 'UTC',
  `time_spent_minutes` int unsigned NOT NULL DEFAULT '0' COMMENT 'Reported minutes',
  PRIMARY KEY (`progress_id`),
  UNIQUE KEY `one_progress_per_student_and_section` (`student_id`,`section_id`),
  KEY `progress_in_section` (`section_id`),
  CONSTRAINT `section_progress_is_in_a_section` FOREIGN KEY (`section_id`) REFERENCES `lesson_sections` (`section_id`),
  CONSTRAINT `section_progress_is_of_a_student` FOREIGN KEY (`student_id`) REFERENCES `users` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='How far a student is in a section';

CREATE TABLE `subscription_payments` (
  `payment_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which payment',
  `subscription_id` bigint unsigned NOT NULL COMMENT 'For what',
  `amount` decimal(10,2) NOT NULL COMMENT 'In USD',
  `billing_period_start` date NOT NULL COMMENT 'UTC, first day',
  `billing_period_end` date NOT NULL COMMENT 'UTC, first day of the next period',
  `status` enum('pending','completed','failed') NOT NULL DEFAULT 'pending' COMMENT 'How it went',
  `retry_count` int unsigned NOT NULL DEFAULT '0' COMMENT 'Tries of this period after the first one',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  PRIMARY KEY (`payment_id`),
  UNIQUE KEY `a_period_is_paid_at_most_once` (`subscription_id`,`billing_period_start`,`status`),
  CONSTRAINT `a_payment_is_for_a_subscription` FOREIGN KEY (`subscription_id`) REFERENCES `subscriptions` (`subscription_id`),
  CONSTRAINT `a_period_ends_after_it_starts` CHECK ((`billing_period_end` > `billing_period_start`)),
  CONSTRAINT `a_subscription_payment_is_above_zero` CHECK ((`amount` > 0))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='One completed row per period paid; a failed one beside it counts the tries';

CREATE TABLE `subscription_plans` (
  `plan_type` enum('monthly','annual') NOT NULL COMMENT 'Which plan',
  `price` decimal(10,2) NOT NULL COMMENT 'In USD, per period',
  `months` tinyint unsigned NOT NULL DEFAULT '1' COMMENT 'Length of a period',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  `updated_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC, by trigger',
  `created_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account',
  `updated_by` varchar(288) NOT NULL DEFAULT (user()) COMMENT 'Database account, by trigger',
  PRIMARY KEY (`plan_type`),
  CONSTRAINT `a_period_has_months` CHECK ((`months` > 0)),
  CONSTRAINT `a_plan_costs_something` CHECK ((`price` > 0))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='What a subscription costs';

CREATE TABLE `subscriptions` (
  `subscription_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Which subscription',
  `user_id` bigint unsigned NOT NULL COMMENT 'Who',
  `plan_type` enum('monthly','annual') NOT NULL COMMENT 'What',
  `status` enum('active','cancelled','expired','past_due') NOT NULL DEFAULT 'active' COMMENT 'past_due: the last renewal failed',
  `start_date` date NOT NULL COMMENT 'UTC; its day of the month is the anchor of every period',
  `current_period_end` date NOT NULL COMMENT 'UTC; paid until here',
  `next_billing_date` date NOT NULL COMMENT 'UTC; due from here on',
  `cancel_at_period_end` tinyint(1) NOT NULL DEFAULT '0' COMMENT 'Ends with the period instead of being renewed',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  PRIMARY KEY (`subscription_id`),
  KEY `subscriptions_due` (`status`,`next_billing_date`),
  KEY `subscriptions_of_user` (`user_id`),
  KEY `subscriptions_by_start` (`start_date`),
  KEY `subscriptions_on_plan` (`plan_type`),
  CONSTRAINT `a_subscription_is_of_a_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`user_id`),
  CONSTRAINT `a_subscription_is_on_a_plan` FOREIGN KEY (`plan_type`) REFERENCES `subscription_plans` (`plan_type`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Who pays every month or year';

CREATE TABLE `users` (
  `user_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Who',
  `name` varchar(100) NOT NULL COMMENT 'Display name (personal)',
  `email` varchar(255) COLLATE utf8mb4_0900_as_ci NOT NULL COMMENT 'Login; deleted_<id>@deleted.com once deleted (personal)',
  `user_type` enum('student','instructor','admin') NOT NULL DEFAULT 'student' COMMENT 'What the person mainly does here; anybody may buy',
  `password_hash` varchar(255) COLLATE ascii_bin DEFAULT NULL COMMENT 'bcrypt or argon2, never a password; NULL: signs in elsewhere (personal)',
  `deleted_at` datetime(6) DEFAULT NULL COMMENT 'UTC; set: the person can do nothing more',
  `deletion_reason` varchar(500) DEFAULT NULL COMMENT 'Why, in the words of who asked (personal)',
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  `updated_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC, by trigger',
  PRIMARY KEY (`user_id`),
  UNIQUE KEY `one_account_per_email` (`email`),
  CONSTRAINT `a_password_is_hashed` CHECK ((regexp_like(`password_hash`,'^[$]2[aby][$][0-9]{2}[$][./A-Za-z0-9]{53}\\z','c') or regexp_like(`password_hash`,'^[$]argon2(id|i|d)[$]v=[0-9]+[$]m=[0-9]+,t=[0-9]+,p=[0-9]+[$][A-Za-z0-9+/]+[$][A-Za-z0-9+/]+\\z','c'))),
  CONSTRAINT `deleted_addresses_are_for_the_deleted` CHECK (((`deleted_at` is not null) or (not((`email` like 'deleted\\_%@deleted.com')))))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='People: students, instructors, admins';

CREATE TABLE `wishlist_items` (
  `student_id` bigint unsigned NOT NULL COMMENT 'Who',
  `course_id` bigint unsigned NOT NULL COMMENT 'What',
  `added_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)) COMMENT 'UTC',
  PRIMARY KEY (`student_id`,`course_id`),
  KEY `wishes_for_course` (`course_id`),
  CONSTRAINT `a_wish_is_for_a_course` FOREIGN KEY (`course_id`) REFERENCES `courses` (`course_id`),
  CONSTRAINT `a_wish_is_of_a_student` FOREIGN KEY (`student_id`) REFERENCES `users` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='What students mean to buy some day';

SET NAMES utf8mb4 COLLATE utf8mb4_0900_ai_ci, default_collation_for_utf8mb4 = utf8mb4_0900_ai_ci, autocommit = 1, foreign_key_checks = 1, unique_checks = 1, time_zone = '+00:00', sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';

DELIMITER $$
CREATE FUNCTION `count_seats_taken`(p_course_id BIGINT UNSIGNED) RETURNS int
    READS SQL DATA
    COMMENT 'How many seats of a course are taken, counted'
BEGIN
  DECLARE v_in_force INT;
  DECLARE v_held     INT;
  DECLARE v_unsold   INT;

  SELECT COUNT(*) INTO v_in_force FROM enrollments WHERE course_id = p_course_id AND in_force = 1 FOR SHARE;
  SELECT COUNT(*) INTO v_held FROM seat_holds WHERE course_id = p_course_id FOR SHARE;
  SELECT COALESCE(SUM(stock.seats_left), 0) INTO v_unsold
    FROM flash_sale_terms terms JOIN flash_sale_stock stock ON stock.sale_id = terms.sale_id
   WHERE terms.course_id = p_course_id AND terms.state = 'open' FOR SHARE;
  RETURN v_in_force + v_held + v_unsold;
END$$
DELIMITER ;

DELIMITER $$
CREATE FUNCTION `course_document`(p_course_id BIGINT UNSIGNED) RETURNS json
    READS SQL DATA
    COMMENT 'A course as one JSON document'
BEGIN
  DECLARE v_tags          JSON;
  DECLARE v_categories    JSON;
  DECLARE v_prerequisites JSON;
  DECLARE v_lessons       JSON;

  SELECT JSON_ARRAYAGG(tag) INTO v_tags FROM course_tags WHERE course_id = p_course_id FOR SHARE;
  SELECT JSON_ARRAYAGG(category_id) INTO v_categories FROM course_categories WHERE course_id = p_course_id FOR SHARE;
  SELECT JSON_ARRAYAGG(prerequisite_course_id) INTO v_prerequisites
    FROM course_prerequisites WHERE course_id = p_course_id FOR SHARE;
  -- the window's frame is ordered, which JSON_ARRAYAGG over a sorted subquery does not promise
  SELECT JSON_ARRAYAGG(lesson_document(lesson_id))
           OVER (ORDER BY order_index, lesson_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    INTO v_lessons
    FROM lessons WHERE course_id = p_course_id LIMIT 1 FOR SHARE;

  RETURN (
    SELECT JSON_OBJECT(
             'course_id', course_id, 'instructor_id', instructor_id, 'title', title, 'description', description,
             'price', price, 'thumbnail_url', thumbnail_url, 'level', level, 'status', status,
             'max_students', max_students, 'enrolled_students', enrolled_students,
             'total_enrollments', total_enrollments, 'rating_sum', rating_sum, 'review_count', review_count,
             'avg_rating', avg_rating, 'last_enrollment_date', last_enrollment_date, 'created_at', created_at,
             'updated_at', updated_at, 'created_by', created_by, 'updated_by', updated_by,
             'tags', COALESCE(v_tags, JSON_ARRAY()), 'categories', COALESCE(v_categories, JSON_ARRAY()),
             'prerequisites', COALESCE(v_prerequisites, JSON_ARRAY()),
             'lessons', COALESCE(v_lessons, JSON_ARRAY()))
      FROM courses WHERE course_id = p_course_id FOR SHARE
  );
END$$
DELIMITER ;

DELIMITER $$
CREATE FUNCTION `has_enrollment`(p_student_id BIGINT UNSIGNED, p_course_id BIGINT UNSIGNED) RETURNS tinyint(1)
    READS SQL DATA
    COMMENT 'Whether a student has an enrollment in force in a course'
BEGIN
  DECLARE v_enrollment_id BIGINT UNSIGNED;

  SELECT enrollment_id INTO v_enrollment_id FROM enrollments
   WHERE student_id = p_student_id AND course_id = p_course_id AND in_force = 1;
  IF v_enrollment_id IS NULL THEN
    RETURN FALSE;
  END IF;
  RETURN EXISTS (SELECT 1 FROM enrollments WHERE enrollment_id = v_enrollment_id AND in_force = 1 FOR SHARE);
END$$
DELIMITER ;

DELIMITER $$
CREATE FUNCTION `has_enrollment_now`(p_student_id BIGINT UNSIGNED, p_course_id BIGINT UNSIGNED) RETURNS tinyint(1)
    READS SQL DATA
    COMMENT 'Whether a student has an enrollment in force, searched with a lock'
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM enrollments
     WHERE student_id = p_student_id AND course_id = p_course_id AND in_force = 1 FOR SHARE
  );
END$$
DELIMITER ;

DELIMITER $$
CREATE FUNCTION `holds_seat`(p_student_id BIGINT UNSIGNED, p_course_id BIGINT UNSIGNED) RETURNS tinyint(1)
    READS SQL DATA
    COMMENT 'Whether a pending purchase or order holds a seat for a student'
BEGIN
  DECLARE v_held INT;

  SELECT COUNT(*) INTO v_held FROM seat_holds WHERE student_id = p_student_id AND course_id = p_course_id;
  IF v_held > 0 THEN
    SELECT COUNT(*) INTO v_held FROM seat_holds WHERE student_id = p_student_id AND course_id = p_course_id FOR SHARE;
  END IF;
  RETURN v_held > 0;
END$$
DELIMITER ;

DELIMITER $$
CREATE FUNCTION `is_missing_prerequisites`(p_student_id BIGINT UNSIGNED, p_course_id BIGINT UNSIGNED) RETURNS tinyint(1)
    READS SQL DATA
    COMMENT 'Whether a student has not completed something that a course requires'
BEGIN
  DECLARE v_required BIGINT UNSIGNED;

  SELECT prerequisite_course_id INTO v_required
    FROM course_prerequisites WHERE course_id = p_course_id LIMIT 1 FOR SHARE;
  RETURN v_required IS NOT NULL AND EXISTS (
    SELECT 1
      FROM course_prerequisites required
      LEFT JOIN enrollments done
        ON done.student_id = p_student_id
       AND done.course_id  = required.prerequisite_course_id
       AND done.in_force   = 1
       AND done.status     = 'completed'
     WHERE required.course_id = p_course_id
       AND done.enrollment_id IS NULL
       FOR SHARE
  );
END$$
DELIMITER ;

DELIMITER $$
CREATE FUNCTION `lesson_document`(p_lesson_id BIGINT UNSIGNED) RETURNS json
    READS SQL DATA
    COMMENT 'A lesson as one JSON document'
BEGIN
  DECLARE v_sections JSON;
  DECLARE v_quizzes  JSON;

  SELECT JSON_ARRAYAGG(JSON_OBJECT(
             'section_id', section_id, 'lesson_id', lesson_id, 'title', title, 'type', type, 'content', content,
             'duration_minutes', duration_minutes, 'order_index', order_index))
           OVER (ORDER BY order_index, section_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    INTO v_sections
    FROM lesson_sections WHERE lesson_id = p_lesson_id LIMIT 1 FOR SHARE;
  SELECT JSON_ARRAYAGG(JSON_OBJECT(
             'quiz_id', quiz_id, 'lesson_id', lesson_id, 'title', title, 'passing_score', passing_score))
           OVER (ORDER BY quiz_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    INTO v_quizzes
    FROM quizzes WHERE lesson_id = p_lesson_id LIMIT 1 FOR SHARE;

  RETURN (
    SELECT JSON_OBJECT(
             'lesson_id', lesson_id, 'course_id', course_id, 'title', title, 'content', content,
             'video_url', video_url, 'duration_minutes', duration_minutes, 'order_index', order_index,
             'created_at', created_at, 'updated_at', updated_at, 'created_by', created_by, 'updated_by', updated_by,
             'sections', COALESCE(v_sections, JSON_ARRAY()), 'quizzes', COALESCE(v_quizzes, JSON_ARRAY()))
      FROM lessons WHERE lesson_id = p_lesson_id FOR SHARE
  );
END$$
DELIMITER ;

DELIMITER $$
CREATE FUNCTION `next_period_end`(p_from DATE, p_months INT, p_anchor_day INT) RETURNS date
    NO SQL
    DETERMINISTIC
    COMMENT 'Where the period after p_from ends'
BEGIN
  DECLARE v_last_day DATE DEFAULT LAST_DAY(p_from - INTERVAL (DAY(p_from) - 1) DAY + INTERVAL p_months MONTH);

  RETURN v_last_day - INTERVAL GREATEST(DAY(v_last_day) - p_anchor_day, 0) DAY;
END$$
DELIMITER ;

DELIMITER $$
CREATE FUNCTION `pays_for_enrollment`(p_payment_id BIGINT UNSIGNED) RETURNS tinyint(1)
    READS SQL DATA
    COMMENT 'Whether an enrollment stands on a charge alone'
BEGIN
  DECLARE v_enrollment_id BIGINT UNSIGNED;
  DECLARE v_status        VARCHAR(20);
  DECLARE v_others        INT;
  DECLARE v_archived      INT;

  SELECT enrollment_id INTO v_enrollment_id FROM payments WHERE payment_id = p_payment_id FOR UPDATE;
  SELECT status INTO v_status FROM enrollments WHERE enrollment_id = v_enrollment_id FOR SHARE;
  SELECT COUNT(*) INTO v_others FROM payments
   WHERE enrollment_id = v_enrollment_id AND payment_id <> p_payment_id AND kind = 'charge' AND status = 'completed'
     FOR SHARE;
  SELECT COUNT(*) INTO v_archived FROM payments_history
   WHERE enrollment_id = v_enrollment_id AND kind = 'charge' AND status = 'completed' FOR SHARE;
  RETURN COALESCE(v_status <> 'refunded' AND v_others + v_archived = 0, FALSE);
END$$
DELIMITER ;

DELIMITER $$
CREATE FUNCTION `policy_value`(p_name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin) RETURNS decimal(12,2)
    READS SQL DATA
    COMMENT 'The number in force for a policy'
BEGIN
  DECLARE v_value DECIMAL(12,2);

  SELECT value INTO v_value FROM policies WHERE name = p_name FOR SHARE;
  IF v_value IS NULL THEN
    CALL raise_error('NO_SUCH_POLICY', p_name);
  END IF;
  RETURN v_value;
END$$
DELIMITER ;

DELIMITER $$
CREATE FUNCTION `running_share`(p_total DECIMAL(12,2), p_running DECIMAL(12,2), p_whole DECIMAL(12,2)) RETURNS decimal(12,2)
    NO SQL
    DETERMINISTIC
    COMMENT 'The part of a total that falls to the first so much of a whole'
BEGIN
  RETURN IF(p_whole = 0, 0, ROUND(p_total * p_running / p_whole, 2));
END$$
DELIMITER ;

DELIMITER $$
CREATE FUNCTION `unsold_seats_of_ended_sales`(p_course_id BIGINT UNSIGNED) RETURNS bigint
    READS SQL DATA
    COMMENT 'Seats that ended sales of a course still set aside'
BEGIN
  RETURN COALESCE((
    SELECT SUM(stock.seats_left)
      FROM flash_sale_terms terms
      JOIN flash_sale_stock stock ON stock.sale_id = terms.sale_id
     WHERE terms.course_id = p_course_id AND terms.state = 'open' AND terms.end_time < UTC_TIMESTAMP(6)
  ), 0);
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `add_enrollment`(
  IN  p_student_id    BIGINT UNSIGNED,
  IN  p_course_id     BIGINT UNSIGNED,
  IN  p_flash_sale_id BIGINT UNSIGNED,
  OUT p_enrollment_id BIGINT UNSIGNED
)
    MODIFIES SQL DATA
    COMMENT 'Stores an enrollment and the access that comes with it'
BEGIN
  DECLARE v_access_ends DATETIME(6);
  DECLARE EXIT HANDLER FOR 1062 SET p_enrollment_id = NULL;

  SELECT UTC_TIMESTAMP(6) + INTERVAL value MONTH INTO v_access_ends
    FROM policies WHERE name = 'access_months' FOR SHARE;
  IF v_access_ends IS NULL THEN
    CALL raise_error('NO_SUCH_POLICY', 'access_months');
  END IF;
  INSERT INTO enrollments (student_id, course_id, flash_sale_id)
  VALUES (p_student_id, p_course_id, p_flash_sale_id);
  SET p_enrollment_id = LAST_INSERT_ID(), @_learnhub_enrolled = p_enrollment_id;
  INSERT INTO course_access (student_id, course_id, access_expires_at)
  VALUES (p_student_id, p_course_id, v_access_ends) AS fresh
      ON DUPLICATE KEY UPDATE access_expires_at = fresh.access_expires_at;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `add_sale_stock`(IN p_sale_id BIGINT UNSIGNED, IN p_seats INT UNSIGNED)
    MODIFIES SQL DATA
    COMMENT 'Spreads seats evenly over the slots of a sale'
BEGIN
  DECLARE v_slots INT UNSIGNED;

  SELECT COUNT(*) INTO v_slots FROM flash_sale_stock WHERE sale_id = p_sale_id FOR UPDATE;
  IF v_slots = 0 THEN
    SET v_slots = LEAST(p_seats, GREATEST(policy_value('flash_sale_slots'), 1), 1000);
    UPDATE flash_sale_terms SET slots = v_slots WHERE sale_id = p_sale_id;
  END IF;

  INSERT INTO flash_sale_stock (sale_id, slot, seats_left)
  SELECT * FROM (
    WITH RECURSIVE slots (slot) AS (SELECT 0 UNION ALL SELECT slot + 1 FROM slots WHERE slot + 1 < v_slots)
    SELECT p_sale_id AS sale_id, slot, p_seats DIV v_slots + (slot < p_seats MOD v_slots) AS seats FROM slots
  ) fresh
      ON DUPLICATE KEY UPDATE seats_left = flash_sale_stock.seats_left + fresh.seats;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `admit_buyer`(
  IN  p_user_id   BIGINT UNSIGNED,
  IN  p_course_id BIGINT UNSIGNED,
  OUT p_word      VARCHAR(50),
  OUT p_price     DECIMAL(10,2)
)
    MODIFIES SQL DATA
    COMMENT 'Decides whether somebody may begin to buy a course, under lock'
BEGIN
  CALL admit_student(p_user_id, p_course_id, p_word, p_price);
  IF p_word <> 'COURSE_NOT_AVAILABLE' AND holds_seat(p_user_id, p_course_id) THEN
    SET p_word = 'ALREADY_ENROLLED';
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `admit_cart`(IN p_cart_id BIGINT UNSIGNED, IN p_user_id BIGINT UNSIGNED, OUT p_word VARCHAR(50))
    MODIFIES SQL DATA
    COMMENT 'Decides whether somebody may buy every course in a cart'
BEGIN
  DECLARE v_course_id BIGINT UNSIGNED;
  DECLARE v_word      VARCHAR(50);
  DECLARE v_price     DECIMAL(10,2);
  DECLARE v_first     INT DEFAULT 6;
  DECLARE v_done      BOOLEAN DEFAULT FALSE;
  DECLARE c_items CURSOR FOR
    SELECT course_id FROM cart_items WHERE cart_id = p_cart_id ORDER BY course_id FOR SHARE;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

  OPEN c_items;
  FETCH c_items INTO v_course_id;
  WHILE NOT v_done DO
    CALL admit_buyer(p_user_id, v_course_id, v_word, v_price);
    SET v_first = LEAST(v_first, FIELD(v_word, 'COURSE_NOT_AVAILABLE', 'ALREADY_ENROLLED', 'MISSING_PREREQUISITES',
                                       'COURSE_FULL', 'CAN_ENROLL'));
    SET v_done = FALSE;  -- a "not found" inside the call is not the cursor's
    FETCH c_items INTO v_course_id;
  END WHILE;
  CLOSE c_items;
  SET p_word = ELT(v_first, 'COURSE_NOT_AVAILABLE', 'ALREADY_ENROLLED', 'MISSING_PREREQUISITES', 'COURSE_FULL',
                   'CAN_ENROLL', 'CART_EMPTY');
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `admit_student`(
  IN  p_student_id BIGINT UNSIGNED,
  IN  p_course_id  BIGINT UNSIGNED,
  OUT p_word       VARCHAR(50),
  OUT p_price      DECIMAL(10,2)
)
    MODIFIES SQL DATA
    COMMENT 'Decides whether a student may enter a course, under lock'
admission: BEGIN
  DECLARE v_status       VARCHAR(20);
  DECLARE v_max_students INT UNSIGNED;
  DECLARE v_seats_taken  INT;

  SELECT status, price, max_students INTO v_status, p_price, v_max_students
    FROM courses WHERE course_id = p_course_id FOR SHARE;
  IF COALESCE(v_status, '') <> 'active' THEN
    SET p_word = 'COURSE_NOT_AVAILABLE';
    LEAVE admission;
  END IF;
  IF has_enrollment(p_student_id, p_course_id) THEN
    SET p_word = 'ALREADY_ENROLLED';
    LEAVE admission;
  END IF;
  IF is_missing_prerequisites(p_student_id, p_course_id) THEN
    SET p_word = IF(has_enrollment_now(p_student_id, p_course_id), 'ALREADY_ENROLLED', 'MISSING_PREREQUISITES');
    LEAVE admission;
  END IF;
  IF v_max_students IS NOT NULL THEN
    CALL settle_ended_sales(p_course_id);
    SELECT seats_taken INTO v_seats_taken FROM course_seats WHERE course_id = p_course_id FOR UPDATE;
    IF v_seats_taken >= v_max_students THEN
      SET p_word = IF(has_enrollment_now(p_student_id, p_course_id), 'ALREADY_ENROLLED', 'COURSE_FULL');
      LEAVE admission;
    END IF;
  END IF;
  SET p_word = 'CAN_ENROLL';
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `advance_enrollments`(IN p_student_id BIGINT UNSIGNED, IN p_lessons JSON)
    MODIFIES SQL DATA
    COMMENT 'Brings enrollments up to the lessons completed'
BEGIN
  UPDATE enrollments enrollment
    JOIN (SELECT lesson.course_id, 100 * SUM(COALESCE(done.completed, FALSE)) / COUNT(*) AS percentage
            FROM (SELECT DISTINCT course_id
                    FROM JSON_TABLE(p_lessons, '$[*]' COLUMNS (lesson_id BIGINT UNSIGNED PATH '$')) touched
                    JOIN lessons USING (lesson_id)) course
            JOIN lessons lesson USING (course_id)
            LEFT JOIN lesson_progress done
              ON done.student_id = p_student_id AND done.lesson_id = lesson.lesson_id
           GROUP BY lesson.course_id) progress USING (course_id)
     SET enrollment.progress_percentage = progress.percentage,
         enrollment.status       = IF(progress.percentage = 100, 'completed', 'active'),
         enrollment.completed_at = IF(progress.percentage = 100, UTC_TIMESTAMP(6), NULL)
   WHERE enrollment.student_id = p_student_id AND enrollment.status = 'active';
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `archive_course`(IN p_course_id BIGINT, IN p_reason LONGTEXT)
    MODIFIES SQL DATA
    COMMENT 'Takes a course off the market and keeps a copy of it'
BEGIN
  DECLARE v_joined BOOLEAN;
  DECLARE v_status VARCHAR(20);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT archive_course; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_course_id', p_course_id);
  CALL refuse_long('p_reason', p_reason, 16000);

  CALL begin_or_join(v_joined);
  SAVEPOINT archive_course;
  SELECT status INTO v_status FROM courses WHERE course_id = p_course_id FOR UPDATE;
  IF v_status IS NULL THEN
    CALL raise_error('NO_SUCH_COURSE', p_course_id);
  END IF;
  IF v_status = 'archived' THEN
    CALL raise_error('ALREADY_ARCHIVED', p_course_id);
  END IF;

  INSERT INTO archived_courses (course_id, course_data, reason)
  VALUES (p_course_id, course_document(p_course_id), p_reason);
  UPDATE courses SET status = 'archived' WHERE course_id = p_course_id;

  IF v_joined THEN RELEASE SAVEPOINT archive_course; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `archive_payments`(IN p_before DATE, IN p_batch BIGINT, OUT p_moved INT)
    MODIFIES SQL DATA
    COMMENT 'Moves closed charges into the history'
BEGIN
  DECLARE v_before DATE;
  DECLARE v_moved  INT;
  DECLARE v_busy   BOOLEAN;  -- a deadlock: the step has to be repeated
  DECLARE CONTINUE HANDLER FOR 1213 SET v_busy = TRUE;

  CALL require_date('p_before', p_before);
  CALL require_argument('p_batch', p_batch);
  IF p_batch NOT BETWEEN 1 AND 10000 THEN
    CALL raise_error('BAD_BATCH', p_batch);
  END IF;
  CALL refuse_in_transaction('archive_payments');
  SET v_before = LEAST(p_before, UTC_DATE() - INTERVAL policy_value('refund_window_days') DAY), p_moved = 0;

  REPEAT
    SET v_busy = FALSE, v_moved = 0;
    CALL move_closed_payments(v_before, p_batch, v_moved);
    SET p_moved = p_moved + IF(v_busy, 0, v_moved);
  UNTIL NOT v_busy AND v_moved = 0 END REPEAT;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `begin_or_join`(OUT p_joined BOOLEAN)
    COMMENT 'Opens a transaction, or joins the one of the caller'
BEGIN
  DECLARE EXIT HANDLER FOR 1305  -- no such savepoint: it did not last, so no transaction is open
  BEGIN
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;  -- as begin_owned, without a call: every purchase begins here
    START TRANSACTION;
    SAVEPOINT owned_by_a_procedure;
    SET p_joined = FALSE;
  END;

  SAVEPOINT begin_or_join;
  ROLLBACK TO SAVEPOINT begin_or_join;
  CALL undo_leftover();
  SAVEPOINT begin_or_join;
  ROLLBACK TO SAVEPOINT begin_or_join;
  RELEASE SAVEPOINT begin_or_join;
  SET p_joined = TRUE;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `begin_owned`()
    COMMENT 'Opens a transaction that belongs to the procedure that asks'
BEGIN
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;
  SAVEPOINT owned_by_a_procedure;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `begin_purchase`(
  IN  p_user_id         BIGINT,
  IN  p_course_id       BIGINT,
  IN  p_payment_method  LONGTEXT,
  IN  p_idempotency_key LONGTEXT,
  OUT p_payment_id      BIGINT UNSIGNED,
  OUT p_status          VARCHAR(50)
)
    MODIFIES SQL DATA
    COMMENT 'Begins the sale of a course around a gateway call'
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_idempotency_key VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_deleted_at DATETIME(6);
  DECLARE v_receipt    JSON;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT begin_purchase; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_user_id', p_user_id);
  CALL require_id('p_course_id', p_course_id);
  CALL require_argument('p_payment_method', p_payment_method);
  CALL require_key('p_idempotency_key', p_idempotency_key, 120);
  SET v_idempotency_key = p_idempotency_key;
  IF p_payment_method NOT IN ('credit_card', 'paypal', 'stripe', 'bank_transfer') THEN
    CALL raise_error('UNKNOWN_METHOD', p_payment_method);
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT begin_purchase;
  CALL lock_user(p_user_id, v_deleted_at);
  CALL claim_receipt('begin_purchase', v_idempotency_key,
                     CONCAT_WS('|', p_user_id, p_course_id, p_payment_method), v_receipt);
  IF v_receipt IS NULL THEN
    IF v_deleted_at IS NOT NULL THEN
      CALL raise_error('USER_DELETED', p_user_id);
    END IF;
    CALL open_purchase(p_user_id, p_course_id, p_payment_method, v_idempotency_key, p_payment_id, p_status);
    IF p_status IN ('PENDING', 'SUCCESS') THEN
      UPDATE receipts SET outcome = JSON_OBJECT('status', p_status, 'payment_id', p_payment_id)
       WHERE operation = 'begin_purchase' AND receipt_key = v_idempotency_key;
    ELSEIF p_status = 'FRAUD_BLOCKED' THEN  -- its alerts stay
      DELETE FROM receipts WHERE operation = 'begin_purchase' AND receipt_key = v_idempotency_key;
    ELSE
      ROLLBACK TO SAVEPOINT begin_purchase;
      SET p_payment_id = NULL;
    END IF;
  ELSE
    SET p_status     = JSON_VALUE(v_receipt, '$.status'),
        p_payment_id = JSON_VALUE(v_receipt, '$.payment_id' RETURNING UNSIGNED);
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT begin_purchase; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `book_late_answer`(
  IN  p_payment_id     BIGINT UNSIGNED,
  IN  p_status         VARCHAR(20),
  IN  p_transaction_id VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin,
  OUT p_word           VARCHAR(50)
)
    MODIFIES SQL DATA
    COMMENT 'Keeps the money of an answer that came too late'
BEGIN
  DECLARE v_same     BOOLEAN;
  DECLARE v_answered BOOLEAN;
  DECLARE v_answers  BIGINT UNSIGNED;
  DECLARE EXIT HANDLER FOR 1062 CALL raise_error('KEY_REUSED', p_transaction_id);

  SELECT transaction_id <=> p_transaction_id, payment_id INTO v_same, v_answers
    FROM payments WHERE payment_id = p_payment_id FOR UPDATE;
  IF v_answers IS NULL THEN
    SELECT transaction_id <=> p_transaction_id INTO v_same
      FROM payments_history WHERE payment_id = p_payment_id FOR SHARE;
  END IF;
  IF NOT v_same THEN
    INSERT INTO payments (user_id, course_id, order_id, amount, currency, payment_method, payment_gateway, status,
                          transaction_id, answers)
    SELECT user_id, course_id, order_id, amount, currency, payment_method, payment_gateway, 'completed',
           p_transaction_id, v_answers
      FROM (SELECT payment_id, user_id, course_id, order_id, amount, currency, payment_method, payment_gateway
              FROM payments
             UNION ALL
            SELECT payment_id, user_id, course_id, order_id, amount, currency, payment_method, payment_gateway
              FROM payments_history) payment
     WHERE payment_id = p_payment_id;
    INSERT INTO payment_events (payment_id, event_type, event_data)
    VALUES (LAST_INSERT_ID(), 'payment_gateway_success', JSON_OBJECT('answers', p_payment_id));
  END IF;

  IF v_answers IS NOT NULL THEN
    SELECT COUNT(*) > 0 INTO v_answered FROM payment_events
     WHERE payment_id = p_payment_id AND event_type = 'payment_gateway_failed' FOR SHARE;
  ELSE
    SELECT COUNT(*) > 0 INTO v_answered FROM payment_events_history
     WHERE payment_id = p_payment_id AND event_type = 'payment_gateway_failed' FOR SHARE;
  END IF;
  SET p_word = CASE WHEN p_status <> 'failed' THEN 'ALREADY_COMPLETED'
                    WHEN v_answered OR v_same THEN 'ALREADY_FAILED'
                    ELSE 'REFUND_DUE' END;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `build_facts`(IN p_day DATE)
    MODIFIES SQL DATA
    COMMENT 'Builds the facts of a UTC day and what they point to'
BEGIN
  DECLARE v_next_day DATE DEFAULT p_day + INTERVAL 1 DAY;

  INSERT INTO dim_user (user_id, user_type, joined_on)
  SELECT buyer.user_id, buyer.user_type, CAST(buyer.created_at AS DATE)
    FROM users buyer
    JOIN (SELECT DISTINCT user_id FROM sales_facts
           WHERE processed_at >= p_day AND processed_at < v_next_day) sold ON sold.user_id = buyer.user_id
   WHERE TRUE
      ON DUPLICATE KEY UPDATE user_type = buyer.user_type;
  INSERT INTO dim_course (course_id, title, level, instructor_id)
  SELECT course.course_id, course.title, course.level, course.instructor_id
    FROM courses course
    JOIN (SELECT DISTINCT course_id FROM sales_facts
           WHERE processed_at >= p_day AND processed_at < v_next_day) sold ON sold.course_id = course.course_id
   WHERE TRUE
      ON DUPLICATE KEY UPDATE title = course.title, level = course.level, instructor_id = course.instructor_id;
  DELETE FROM fact_sales WHERE date_key = p_day;
  INSERT INTO fact_sales (payment_id, date_key, course_id, user_id, kind, currency, amount, instructor_share)
  SELECT fresh.payment_id, p_day, fresh.course_id, fresh.user_id, fresh.kind, fresh.currency, fresh.amount,
         fresh.instructor_share
    FROM sales_facts fresh
    JOIN dim_user buyer ON buyer.user_id = fresh.user_id
    JOIN dim_course course ON course.course_id = fresh.course_id
   WHERE processed_at >= p_day AND processed_at < v_next_day
      ON DUPLICATE KEY UPDATE date_key = p_day;  -- it stood under another day
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `bulk_discount`(
  IN  p_category_id BIGINT,
  IN  p_percent     DECIMAL(65,4),
  IN  p_cap         DECIMAL(65,2),
  OUT p_changed     INT
)
    MODIFIES SQL DATA
    COMMENT 'Lowers the price of every course of a category'
BEGIN
  DECLARE v_joined  BOOLEAN;
  DECLARE v_mutex   VARCHAR(64);
  DECLARE v_path    VARCHAR(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
  DECLARE v_courses JSON;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT bulk_discount; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_category_id', p_category_id);
  CALL require_argument('p_percent', p_percent);
  IF p_percent <= 0 OR p_percent > 100 THEN
    CALL raise_error('BAD_PERCENT', p_percent);
  END IF;
  IF p_cap <= 0 THEN
    CALL raise_error('BAD_AMOUNT', p_cap);
  END IF;

  IF p_cap > 99999999.99 THEN
    CALL raise_error('OUT_OF_RANGE', CONCAT('p_cap ', p_cap));
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT bulk_discount;
  SELECT name INTO v_mutex FROM mutexes WHERE name = 'categories' FOR SHARE;
  SELECT path INTO v_path FROM categories WHERE category_id = p_category_id FOR SHARE;
  IF v_path IS NULL THEN
    CALL raise_error('NO_SUCH_CATEGORY', p_category_id);
  END IF;

  -- in the order of their ids, as everybody locks courses
  SELECT JSON_ARRAYAGG(course_id) OVER (ORDER BY course_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    INTO v_courses
    FROM (SELECT DISTINCT course_id
            FROM categories JOIN course_categories USING (category_id)
           WHERE path LIKE CONCAT(v_path, '%') FOR SHARE) listed
   LIMIT 1;
  UPDATE JSON_TABLE(v_courses, '$[*]' COLUMNS (course_id BIGINT UNSIGNED PATH '$')) listed
    STRAIGHT_JOIN courses course ON course.course_id = listed.course_id
    JOIN LATERAL (
         SELECT ROUND(course.price - LEAST(course.price * p_percent / 100, COALESCE(p_cap, course.price)), 2) AS price) lowered
     SET course.price = lowered.price
   WHERE course.status <> 'archived' AND course.price <> lowered.price;
  SET p_changed = ROW_COUNT();

  IF v_joined THEN RELEASE SAVEPOINT bulk_discount; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `cancel_subscription`(
  IN  p_subscription_id BIGINT,
  IN  p_at_period_end   BIGINT,
  OUT p_status          VARCHAR(50)
)
    MODIFIES SQL DATA
    COMMENT 'Ends a subscription at once or with its period'
BEGIN
  DECLARE v_joined BOOLEAN;
  DECLARE v_state  VARCHAR(20);
  DECLARE v_ends   BOOLEAN;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT cancel_subscription; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_subscription_id', p_subscription_id);
  CALL require_argument('p_at_period_end', p_at_period_end);

  IF p_at_period_end NOT IN (FALSE, TRUE) THEN
    CALL raise_error('OUT_OF_RANGE', CONCAT('p_at_period_end ', p_at_period_end));
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT cancel_subscription;
  SELECT status, cancel_at_period_end INTO v_state, v_ends
    FROM subscriptions WHERE subscription_id = p_subscription_id FOR UPDATE;
  IF v_state IS NULL THEN
    CALL raise_error('NO_SUCH_SUBSCRIPTION', p_subscription_id);
  END IF;

  IF v_state IN ('cancelled', 'expired') OR (v_ends AND p_at_period_end) THEN
    SET p_status = 'ALREADY_CANCELLED';
  ELSEIF p_at_period_end THEN
    UPDATE subscriptions SET cancel_at_period_end = TRUE WHERE subscription_id = p_subscription_id;
    SET p_status = 'SUCCESS';
  ELSE
    UPDATE subscriptions SET status = 'cancelled' WHERE subscription_id = p_subscription_id;
    SET p_status = 'SUCCESS';
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT cancel_subscription; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `change_sale_terms`(
  IN p_sale_id    BIGINT UNSIGNED,
  IN p_price      DECIMAL(10,2),
  IN p_start_time DATETIME(6),
  IN p_end_time   DATETIME(6)
)
    MODIFIES SQL DATA
    COMMENT 'Makes a sale''s new price and times those its buyers meet'
BEGIN
  DECLARE v_state     VARCHAR(10);
  DECLARE v_course_id BIGINT UNSIGNED;
  DECLARE v_left      BIGINT;

  SELECT state, course_id INTO v_state, v_course_id FROM flash_sale_terms WHERE sale_id = p_sale_id FOR UPDATE;
  IF v_state <> 'open' AND p_end_time >= UTC_TIMESTAMP(6) THEN
    SELECT SUM(seats_left) INTO v_left FROM flash_sale_stock WHERE sale_id = p_sale_id FOR SHARE;
    CALL set_seats_aside(v_course_id, v_left);
    SET v_state = 'open';
  END IF;
  UPDATE flash_sale_terms
     SET discount_price = p_price, start_time = p_start_time, end_time = p_end_time, state = v_state
   WHERE sale_id = p_sale_id;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `change_seat_limit`(
  IN p_course_id BIGINT UNSIGNED,
  IN p_old_limit INT UNSIGNED,
  IN p_new_limit INT UNSIGNED
)
    MODIFIES SQL DATA
    COMMENT 'Makes the row of course_seats follow the limit'
BEGIN
  DECLARE v_taken INT;
  DECLARE v_aside INT;

  IF p_new_limit IS NULL THEN
    DELETE FROM course_seats WHERE course_id = p_course_id;
  ELSE
    CALL settle_ended_sales(p_course_id);
    SELECT COUNT(*) INTO v_aside
      FROM flash_sale_terms terms JOIN flash_sale_stock stock USING (sale_id)
     WHERE terms.course_id = p_course_id AND terms.state = 'open' AND stock.seats_left > 0 FOR SHARE;
    IF p_old_limit IS NULL THEN
      INSERT INTO course_seats (course_id, seats, seats_taken)
      VALUES (p_course_id, p_new_limit, count_seats_taken(p_course_id));
    ELSE
      UPDATE course_seats SET seats = p_new_limit WHERE course_id = p_course_id;
    END IF;
    SELECT seats_taken INTO v_taken FROM course_seats WHERE course_id = p_course_id FOR UPDATE;
    UPDATE course_seats SET seats_granted = GREATEST(p_new_limit, v_taken) WHERE course_id = p_course_id;
    IF v_aside > 0 AND v_taken > p_new_limit AND p_new_limit < COALESCE(p_old_limit, p_new_limit + 1) THEN
      CALL raise_error('SEATS_NOT_FREE', p_course_id);
    END IF;
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `charge_for_enrollment`(
  IN  p_user_id        BIGINT UNSIGNED,
  IN  p_enrollment_id  BIGINT UNSIGNED,
  IN  p_amount         DECIMAL(10,2),
  IN  p_payment_method VARCHAR(50),
  IN  p_transaction_id VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin,
  OUT p_payment_id     BIGINT UNSIGNED
)
    MODIFIES SQL DATA
    COMMENT 'Records a completed charge for an enrollment'
BEGIN
  DECLARE v_facts JSON DEFAULT JSON_OBJECT('enrollment_id', p_enrollment_id, 'amount', p_amount);

  INSERT INTO payments (user_id, enrollment_id, amount, payment_method, status, transaction_id)
  VALUES (p_user_id, p_enrollment_id, p_amount, p_payment_method, 'completed', p_transaction_id);
  SET p_payment_id = LAST_INSERT_ID();
  INSERT INTO payment_events (payment_id, event_type, event_data) VALUES
    (p_payment_id, 'initiated',               v_facts),
    (p_payment_id, 'payment_gateway_success', v_facts),
    (p_payment_id, 'enrollment_created',      v_facts),
    (p_payment_id, 'completion_confirmed',    v_facts);
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `charge_for_item`(
  IN p_order_id       BIGINT UNSIGNED,
  IN p_user_id        BIGINT UNSIGNED,
  IN p_course_id      BIGINT UNSIGNED,
  IN p_enrollment_id  BIGINT UNSIGNED,
  IN p_amount         DECIMAL(10,2),
  IN p_transaction_id VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin
)
    MODIFIES SQL DATA
    COMMENT 'Records a completed charge for one course of an order'
BEGIN
  DECLARE v_payment_id BIGINT UNSIGNED;
  DECLARE v_facts      JSON DEFAULT JSON_OBJECT('order_id', p_order_id, 'course_id', p_course_id,
                                                'enrollment_id', p_enrollment_id, 'amount', p_amount);
  DECLARE EXIT HANDLER FOR 1062 CALL raise_error('KEY_REUSED', p_transaction_id);

  INSERT INTO payments (user_id, order_id, course_id, enrollment_id, amount, status, transaction_id)
  VALUES (p_user_id, p_order_id, p_course_id, p_enrollment_id, p_amount, 'completed', p_transaction_id);
  SET v_payment_id = LAST_INSERT_ID();
  INSERT INTO payment_events (payment_id, event_type, event_data) VALUES
    (v_payment_id, 'initiated',               v_facts),
    (v_payment_id, 'payment_gateway_success', v_facts);
  IF p_enrollment_id IS NOT NULL THEN
    INSERT INTO payment_events (payment_id, event_type, event_data) VALUES
      (v_payment_id, 'enrollment_created',   v_facts),
      (v_payment_id, 'completion_confirmed', v_facts);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `check_enrollment_eligibility`(
  IN  p_student_id BIGINT,
  IN  p_course_id  BIGINT,
  OUT p_status     VARCHAR(50)
)
    READS SQL DATA
    COMMENT 'Tells whether a student could enroll right now'
BEGIN
  DECLARE v_user_id    BIGINT UNSIGNED;
  DECLARE v_deleted_at DATETIME(6);

  CALL require_id('p_student_id', p_student_id);
  CALL require_id('p_course_id', p_course_id);
  SELECT user_id, deleted_at INTO v_user_id, v_deleted_at FROM users WHERE user_id = p_student_id;
  IF v_user_id IS NULL THEN
    CALL raise_error('NO_SUCH_USER', p_student_id);
  END IF;
  IF v_deleted_at IS NOT NULL THEN
    CALL raise_error('USER_DELETED', p_student_id);
  END IF;

  -- SELECT INTO, because a subquery in SET or IF locks what it reads: this would wait for every buyer
  SELECT CASE
           WHEN course.status <> 'active' THEN 'COURSE_NOT_AVAILABLE'
           WHEN EXISTS (SELECT 1 FROM enrollments
                         WHERE student_id = p_student_id AND course_id = p_course_id AND in_force = 1)
             THEN 'ALREADY_ENROLLED'
           WHEN is_missing_prerequisites(p_student_id, p_course_id) THEN 'MISSING_PREREQUISITES'
           WHEN course.max_students <= seats.seats_taken - unsold_seats_of_ended_sales(p_course_id) THEN 'COURSE_FULL'
           ELSE 'CAN_ENROLL'
         END
    INTO p_status
    FROM courses course
    LEFT JOIN course_seats seats ON seats.course_id = course.course_id
   WHERE course.course_id = p_course_id;
  SET p_status = COALESCE(p_status, 'COURSE_NOT_AVAILABLE');
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `check_fraud`(
  IN  p_user_id      BIGINT,
  IN  p_amount       DECIMAL(65,2),
  OUT p_fraud_score  INT,
  OUT p_should_block BOOLEAN
)
    MODIFIES SQL DATA
    COMMENT 'Scores a purchase by the fraud rules'
BEGIN
  DECLARE v_joined         BOOLEAN;
  DECLARE v_deleted_at     DATETIME(6);
  DECLARE v_first_alert_id BIGINT UNSIGNED;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT check_fraud; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_user_id', p_user_id);
  CALL require_argument('p_amount', p_amount);
  IF p_amount <= 0 THEN
    CALL raise_error('BAD_AMOUNT', p_amount);
  END IF;

  IF p_amount > 99999999.99 THEN
    CALL raise_error('OUT_OF_RANGE', CONCAT('p_amount ', p_amount));
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT check_fraud;
  CALL lock_user(p_user_id, v_deleted_at);
  CALL score_purchase(p_user_id, p_amount, p_fraud_score, p_should_block, v_first_alert_id);

  IF v_joined THEN RELEASE SAVEPOINT check_fraud; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `choose_promotion`(
  IN  p_code         VARCHAR(100),
  IN  p_user_id      BIGINT UNSIGNED,
  IN  p_cart_id      BIGINT UNSIGNED,
  OUT p_promotion_id BIGINT UNSIGNED,
  OUT p_promoted     JSON,
  OUT p_word         VARCHAR(50)
)
    READS SQL DATA
    COMMENT 'Decides whether a promotion makes a cart cheaper'
promotion: BEGIN
  -- what is not ASCII becomes a question mark, which no code has
  DECLARE v_code         VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin DEFAULT CONVERT(p_code USING ascii);
  DECLARE v_is_valid     BOOLEAN;
  DECLARE v_course_id    BIGINT UNSIGNED;
  DECLARE v_category_id  BIGINT UNSIGNED;
  DECLARE v_minimum      DECIMAL(10,2);
  DECLARE v_is_used_up   BOOLEAN;
  DECLARE v_per_customer INT UNSIGNED;
  DECLARE v_own_uses     INT UNSIGNED;
  DECLARE v_subtotal     DECIMAL(12,2);

  IF COALESCE(v_code, '') = '' THEN
    SET p_word = 'CAN_ENROLL';
    LEAVE promotion;
  END IF;
  SELECT promotion_id, course_id, category_id, min_purchase, COALESCE(uses_count >= max_uses, FALSE), per_customer,
         is_active AND COALESCE(valid_from <= UTC_TIMESTAMP(6), TRUE) AND COALESCE(valid_until >= UTC_TIMESTAMP(6), TRUE)
    INTO p_promotion_id, v_course_id, v_category_id, v_minimum, v_is_used_up, v_per_customer, v_is_valid
    FROM promotions WHERE code = v_code FOR UPDATE;
  CALL find_promoted_courses(p_cart_id, v_course_id, v_category_id, p_promoted);
  SELECT COUNT(*) INTO v_own_uses FROM promotion_uses
   WHERE promotion_id = p_promotion_id AND user_id = p_user_id FOR SHARE;
  SELECT SUM(course.price) INTO v_subtotal
    FROM cart_items item JOIN courses course USING (course_id) WHERE item.cart_id = p_cart_id FOR SHARE;

  SET p_word = CASE WHEN p_promoted IS NULL OR NOT COALESCE(v_is_valid, FALSE)         THEN 'PROMOTION_INVALID'
                    WHEN v_is_used_up OR COALESCE(v_own_uses >= v_per_customer, FALSE) THEN 'PROMOTION_EXHAUSTED'
                    WHEN v_subtotal < v_minimum                                        THEN 'BELOW_MINIMUM'
                    ELSE 'CAN_ENROLL' END;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `claim_receipt`(
  IN  p_operation VARCHAR(40)  CHARACTER SET ascii COLLATE ascii_bin,
  IN  p_key       VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin,
  IN  p_arguments TEXT,
  OUT p_outcome   JSON
)
    MODIFIES SQL DATA
    COMMENT 'Claims a key, or returns what its first call returned'
BEGIN
  DECLARE v_sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT SHA2(p_arguments, 256);
  DECLARE v_first  CHAR(64) CHARACTER SET ascii COLLATE ascii_bin;

  INSERT INTO receipts (operation, receipt_key, arguments_sha256) VALUES (p_operation, p_key, v_sha256)
    ON DUPLICATE KEY UPDATE receipt_key = receipts.receipt_key;
  SELECT arguments_sha256, outcome INTO v_first, p_outcome
    FROM receipts WHERE operation = p_operation AND receipt_key = p_key FOR UPDATE;
  IF v_first <> v_sha256 THEN
    CALL raise_error('KEY_REUSED', p_key);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `claim_sale_seat`(
  IN  p_sale_id BIGINT UNSIGNED,
  IN  p_slots   SMALLINT UNSIGNED,
  IN  p_fresh   BOOLEAN,
  OUT p_claimed BOOLEAN
)
    MODIFIES SQL DATA
    COMMENT 'Takes one seat of a sale, from a random slot'
BEGIN
  DECLARE v_start SMALLINT UNSIGNED DEFAULT FLOOR(RAND() * p_slots);
  DECLARE v_slot  SMALLINT UNSIGNED;
  DECLARE v_left  BOOLEAN DEFAULT TRUE;

  IF p_fresh THEN
    SELECT slot INTO v_slot FROM flash_sale_stock FORCE INDEX (PRIMARY)
     WHERE sale_id = p_sale_id AND slot >= v_start AND seats_left > 0 LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF v_slot IS NULL THEN
      -- SELECT INTO, because a subquery in IF locks what it reads
      SELECT COUNT(*) > 0 INTO v_left FROM flash_sale_stock WHERE sale_id = p_sale_id AND seats_left > 0;
    END IF;
    IF v_slot IS NULL AND v_left THEN
      SELECT slot INTO v_slot FROM flash_sale_stock FORCE INDEX (PRIMARY)
       WHERE sale_id = p_sale_id AND slot < v_start AND seats_left > 0 LIMIT 1 FOR UPDATE SKIP LOCKED;
    END IF;
  END IF;
  IF v_slot IS NULL AND v_left THEN
    -- always from the first slot on: one that was waited for stays locked though its last seat is gone
    SELECT slot INTO v_slot FROM flash_sale_stock
     WHERE sale_id = p_sale_id AND seats_left > 0
     ORDER BY slot LIMIT 1 FOR UPDATE;
  END IF;

  SET p_claimed = v_slot IS NOT NULL;
  IF p_claimed THEN
    UPDATE flash_sale_stock SET seats_left = seats_left - 1 WHERE sale_id = p_sale_id AND slot = v_slot;
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `claw_back_share`(
  IN p_refund_id   BIGINT UNSIGNED,
  IN p_charge_id   BIGINT UNSIGNED,
  IN p_occurred_at DATETIME(6)
)
    MODIFIES SQL DATA
    COMMENT 'Takes the instructor''s share of a charge back'
BEGIN
  INSERT INTO payout_items
         (payment_id, instructor_id, course_id, occurred_at, gross, currency, share_percent, amount)
  SELECT p_refund_id, instructor_id, course_id, p_occurred_at, -gross, currency, share_percent, -amount
    FROM payout_items WHERE payment_id = p_charge_id FOR SHARE;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `close_account`(IN p_user_id BIGINT UNSIGNED, IN p_reason VARCHAR(500))
    MODIFIES SQL DATA
    COMMENT 'Closes an account'
BEGIN
  UPDATE users
     SET deleted_at      = UTC_TIMESTAMP(6),
         deletion_reason = p_reason,
         email           = CONCAT('deleted_', p_user_id, '@deleted.com')
   WHERE user_id = p_user_id;
  UPDATE subscriptions
     SET status = 'cancelled'
   WHERE user_id = p_user_id AND status IN ('active', 'past_due');
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `complete_lessons`(IN p_student_id BIGINT UNSIGNED, IN p_lessons JSON)
    MODIFIES SQL DATA
    COMMENT 'Completes the lessons whose sections are all completed'
BEGIN
  UPDATE lesson_progress progress
    JOIN (SELECT section.lesson_id
            FROM JSON_TABLE(p_lessons, '$[*]' COLUMNS (lesson_id BIGINT UNSIGNED PATH '$')) touched
            JOIN lesson_sections section USING (lesson_id)
            LEFT JOIN section_progress done
              ON done.student_id = p_student_id AND done.section_id = section.section_id
           GROUP BY section.lesson_id
          HAVING MIN(COALESCE(done.completed, FALSE))) finished USING (lesson_id)
     SET progress.completed = TRUE, progress.completed_at = UTC_TIMESTAMP(6)
   WHERE progress.student_id = p_student_id AND NOT progress.completed;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `complete_purchase`(
  IN  p_payment_id     BIGINT,
  IN  p_transaction_id LONGTEXT,
  OUT p_enrollment_id  BIGINT UNSIGNED,
  OUT p_status         VARCHAR(50)
)
    MODIFIES SQL DATA
    COMMENT 'Ends a purchase whose gateway took the money'
BEGIN
  DECLARE v_joined    BOOLEAN;
  DECLARE v_transaction_id VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_user_id   BIGINT UNSIGNED;
  DECLARE v_course_id BIGINT UNSIGNED;
  DECLARE v_status    VARCHAR(20);
  DECLARE v_receipt   JSON;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT complete_purchase; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_payment_id', p_payment_id);
  CALL require_key('p_transaction_id', p_transaction_id, 100);
  SET v_transaction_id = p_transaction_id;
  IF v_transaction_id LIKE 'refund\_%' THEN
    CALL raise_error('RESERVED_KEY', v_transaction_id);
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT complete_purchase;
  CALL lock_purchase(p_payment_id, v_user_id, v_course_id, v_status);
  CALL claim_receipt('gateway_answer', v_transaction_id, CONCAT('payment|', p_payment_id), v_receipt);
  IF v_receipt IS NULL THEN
    IF v_status = 'pending' THEN
      CALL settle_purchase(p_payment_id, v_user_id, v_course_id, v_transaction_id, p_enrollment_id);
      SET p_status = IF(p_enrollment_id IS NULL, 'REFUND_DUE', 'SUCCESS');
    ELSE
      CALL book_late_answer(p_payment_id, v_status, v_transaction_id, p_status);
    END IF;
    UPDATE receipts SET outcome = JSON_OBJECT('status', p_status, 'enrollment_id', p_enrollment_id)
     WHERE operation = 'gateway_answer' AND receipt_key = v_transaction_id;
  ELSE
    SET p_status        = JSON_VALUE(v_receipt, '$.status'),
        p_enrollment_id = JSON_VALUE(v_receipt, '$.enrollment_id' RETURNING UNSIGNED);
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT complete_purchase; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `confirm_order`(
  IN  p_order_id       BIGINT,
  IN  p_transaction_id LONGTEXT,
  OUT p_status         VARCHAR(50)
)
    MODIFIES SQL DATA
    COMMENT 'Ends an order whose gateway took the money'
BEGIN
  DECLARE v_joined  BOOLEAN;
  DECLARE v_transaction_id VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_user_id BIGINT UNSIGNED;
  DECLARE v_status  VARCHAR(20);
  DECLARE v_receipt JSON;
  DECLARE v_missed  INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT confirm_order; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_order_id', p_order_id);
  CALL require_key('p_transaction_id', p_transaction_id, 100);
  SET v_transaction_id = p_transaction_id;
  IF v_transaction_id LIKE 'refund\_%' THEN
    CALL raise_error('RESERVED_KEY', v_transaction_id);
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT confirm_order;
  CALL lock_order(p_order_id, v_user_id, v_status);
  CALL claim_receipt('gateway_answer', v_transaction_id, CONCAT('order|', p_order_id), v_receipt);
  IF v_receipt IS NULL THEN
    CALL settle_order(p_order_id, v_user_id, v_status = 'pending_payment', v_transaction_id, v_missed);
    BEGIN  -- the charges have keys of their own: of the id itself the first one is the keeper
      DECLARE EXIT HANDLER FOR 1062 CALL raise_error('KEY_REUSED', v_transaction_id);
      INSERT INTO payment_keys (key_type, payment_key, payment_id)
      SELECT 'transaction_id', v_transaction_id, payment_id FROM payments
       WHERE order_id = p_order_id AND transaction_id = CONCAT(v_transaction_id, '#', course_id) LIMIT 1;
    END;
    IF v_status = 'pending_payment' THEN
      UPDATE orders SET status = 'confirmed' WHERE order_id = p_order_id;
    END IF;
    SET p_status = CASE v_status WHEN 'pending_payment' THEN IF(v_missed = 0, 'CONFIRMED', 'REFUND_DUE')
                                 WHEN 'cancelled'       THEN 'REFUND_DUE'
                                 WHEN 'payment_failed'  THEN 'ALREADY_FAILED'
                                 ELSE 'ALREADY_CONFIRMED' END;
    UPDATE receipts SET outcome = JSON_OBJECT('status', p_status)
     WHERE operation = 'gateway_answer' AND receipt_key = v_transaction_id;
  ELSE
    SET p_status = JSON_VALUE(v_receipt, '$.status');
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT confirm_order; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `create_payouts`(IN p_period_end DATE, OUT p_payouts INT)
    MODIFIES SQL DATA
    COMMENT 'Pays every instructor what was sold up to a day'
BEGIN
  DECLARE v_instructor_id BIGINT UNSIGNED;
  DECLARE v_currency      CHAR(3) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_made          BOOLEAN;
  DECLARE v_busy          BOOLEAN;  -- a deadlock: the step has to be repeated
  DECLARE v_done          BOOLEAN DEFAULT FALSE;
  DECLARE c_open CURSOR FOR
    SELECT DISTINCT instructor_id, currency FROM payout_items
     WHERE payout_id IS NULL AND occurred_at < p_period_end + INTERVAL 1 DAY ORDER BY instructor_id, currency;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;
  DECLARE CONTINUE HANDLER FOR 1213 SET v_busy = TRUE;

  CALL require_date('p_period_end', p_period_end);
  CALL refuse_in_transaction('create_payouts');
  SET p_payouts = 0;

  OPEN c_open;
  FETCH c_open INTO v_instructor_id, v_currency;
  WHILE NOT v_done DO
    REPEAT
      SET v_busy = FALSE, v_made = FALSE;
      CALL pay_instructor(v_instructor_id, v_currency, p_period_end, v_made);
    UNTIL NOT v_busy END REPEAT;
    SET p_payouts = p_payouts + v_made;
    SET v_done = FALSE;  -- a "not found" inside the call is not the cursor's
    FETCH c_open INTO v_instructor_id, v_currency;
  END WHILE;
  CLOSE c_open;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `enroll_in_flash_sale`(
  IN  p_user_id BIGINT,
  IN  p_sale_id BIGINT,
  OUT p_result  VARCHAR(100)
)
    MODIFIES SQL DATA
    COMMENT 'Sells one of a sale''s seats'
BEGIN
  DECLARE v_joined, v_is_active, v_requires, v_claimed BOOLEAN;
  DECLARE v_is_missing, v_is_enrolled BOOLEAN DEFAULT FALSE;
  DECLARE v_student_id, v_course_id, v_enrollment_id, v_payment_id BIGINT UNSIGNED;
  DECLARE v_price                     DECIMAL(10,2);
  DECLARE v_slots                     SMALLINT UNSIGNED;
  DECLARE v_start_time, v_end_time    DATETIME(6);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT enroll_in_flash_sale; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  IF COALESCE(LEAST(p_user_id, p_sale_id), -1) < 0 THEN
    CALL require_id('p_user_id', p_user_id);
    CALL require_id('p_sale_id', p_sale_id);
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT enroll_in_flash_sale;
  SELECT user_id INTO v_student_id FROM users WHERE user_id = p_user_id AND deleted_at IS NULL FOR UPDATE;
  SELECT course_id INTO v_course_id FROM flash_sale_terms WHERE sale_id = p_sale_id;
  IF v_course_id IS NULL THEN  -- an old snapshot does not show a new sale
    SELECT course_id INTO v_course_id FROM flash_sale_terms WHERE sale_id = p_sale_id FOR SHARE;
  END IF;
  SELECT status = 'active',
         EXISTS (SELECT 1 FROM course_prerequisites required WHERE required.course_id = v_course_id FOR SHARE)
    INTO v_is_active, v_requires
    FROM courses WHERE course_id = v_course_id FOR SHARE;
  SELECT discount_price, slots, start_time, end_time INTO v_price, v_slots, v_start_time, v_end_time
    FROM flash_sale_terms WHERE sale_id = p_sale_id FOR SHARE;
  -- in a statement of its own: the clock of the one that waited for the lock stood still
  SET v_is_active = COALESCE(v_is_active AND UTC_TIMESTAMP(6) BETWEEN v_start_time AND v_end_time, FALSE);
  IF v_requires THEN
    SET v_is_missing = is_missing_prerequisites(p_user_id, v_course_id);
  END IF;
  IF v_joined THEN  -- a seat that is claimed and given up stays locked until the caller commits
    SET v_is_enrolled = has_enrollment(p_user_id, v_course_id);
  END IF;

  IF NOT v_is_active THEN
    SET p_result = 'NOT_ACTIVE';
  ELSEIF v_student_id IS NULL OR v_is_missing THEN
    SET p_result = 'NOT_ELIGIBLE';
  ELSEIF v_is_enrolled THEN
    SET p_result = 'ALREADY_ENROLLED';
  ELSE
    CALL claim_sale_seat(p_sale_id, v_slots, NOT v_joined, v_claimed);
    IF NOT v_claimed THEN
      SET p_result = IF(has_enrollment(p_user_id, v_course_id), 'ALREADY_ENROLLED', 'SOLD_OUT');
    ELSE
      CALL add_enrollment(p_user_id, v_course_id, p_sale_id, v_enrollment_id);
      IF v_enrollment_id IS NULL THEN
        ROLLBACK TO SAVEPOINT enroll_in_flash_sale;
        SET p_result = 'ALREADY_ENROLLED';
      ELSE
        SET p_result = 'SUCCESS';
      END IF;
    END IF;
  END IF;
  IF p_result = 'SUCCESS' AND v_price > 0 THEN
    CALL charge_for_enrollment(p_user_id, v_enrollment_id, v_price, 'credit_card',
                               CONCAT('flash_', p_sale_id, '_', UUID()), v_payment_id);
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT enroll_in_flash_sale; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `enroll_student`(
  IN  p_student_id    BIGINT,
  IN  p_course_id     BIGINT,
  OUT p_enrollment_id BIGINT UNSIGNED,
  OUT p_result        VARCHAR(50)
)
    MODIFIES SQL DATA
    COMMENT 'Enrolls a student without a payment'
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_deleted_at DATETIME(6);
  DECLARE v_price      DECIMAL(10,2);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT enroll_student; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_student_id', p_student_id);
  CALL require_id('p_course_id', p_course_id);

  CALL begin_or_join(v_joined);
  SAVEPOINT enroll_student;
  CALL lock_user(p_student_id, v_deleted_at);
  IF v_deleted_at IS NOT NULL THEN
    CALL raise_error('USER_DELETED', p_student_id);
  END IF;

  CALL admit_student(p_student_id, p_course_id, p_result, v_price);
  IF p_result = 'CAN_ENROLL' THEN
    CALL add_enrollment(p_student_id, p_course_id, NULL, p_enrollment_id);
    SET p_result = IF(p_enrollment_id IS NULL, 'ALREADY_ENROLLED', 'SUCCESS');
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT enroll_student; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `erase_personal_values`(IN p_user_id BIGINT UNSIGNED)
    MODIFIES SQL DATA
    COMMENT 'Empties every personal column in the rows of one person'
BEGIN
  DECLARE v_change TEXT;
  DECLARE v_done   BOOLEAN DEFAULT FALSE;
  DECLARE c_changes CURSOR FOR
    SELECT CONCAT('UPDATE `', personal.table_name, '` SET `', personal.column_name, '` = ',
                  IF(personal.is_nullable = 'YES', 'NULL', CONCAT('\'deleted_', p_user_id, '@deleted.com\'')),
                  ' WHERE `', owner.column_name, '` = ', p_user_id)
      FROM information_schema.columns personal
      JOIN information_schema.tables base
        ON base.table_schema = personal.table_schema AND base.table_name = personal.table_name
      JOIN information_schema.columns owner
        ON owner.table_schema = personal.table_schema AND owner.table_name = personal.table_name
     WHERE personal.table_schema = DATABASE()
       AND base.table_type = 'BASE TABLE'
       AND personal.column_comment LIKE '%(personal)'
       AND owner.column_name IN ('user_id', 'student_id')
     ORDER BY personal.table_name, personal.column_name;  -- a table before its history: what moves meanwhile is met there
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

  OPEN c_changes;
  FETCH c_changes INTO v_change;
  WHILE NOT v_done DO
    SET @erase_personal_values = v_change;
    PREPARE erase_personal_values FROM @erase_personal_values;
    EXECUTE erase_personal_values;
    DEALLOCATE PREPARE erase_personal_values;
    FETCH c_changes INTO v_change;
  END WHILE;
  CLOSE c_changes;
  SET @erase_personal_values = NULL;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `erase_user`(
  IN p_user_id      BIGINT,
  IN p_requested_by LONGTEXT,
  IN p_reason       LONGTEXT
)
    MODIFIES SQL DATA
    COMMENT 'Forgets a person; money stays, unnamed'
BEGIN
  DECLARE v_joined        BOOLEAN;
  DECLARE v_deleted_at    DATETIME(6);
  DECLARE v_payments      INT;
  DECLARE v_archived      INT;
  DECLARE v_enrollments   INT;
  DECLARE v_subscriptions INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT erase_user; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_user_id', p_user_id);
  CALL require_argument('p_requested_by', p_requested_by);
  CALL refuse_long('p_reason', p_reason, 500);
  CALL refuse_long('p_requested_by', p_requested_by, 288);

  CALL begin_or_join(v_joined);
  SAVEPOINT erase_user;
  CALL lock_user(p_user_id, v_deleted_at);
  SELECT COUNT(*) INTO v_payments FROM payments WHERE user_id = p_user_id FOR SHARE;
  SELECT COUNT(*) INTO v_archived FROM payments_history WHERE user_id = p_user_id FOR SHARE;
  SELECT COUNT(*) INTO v_enrollments FROM enrollments WHERE student_id = p_user_id FOR SHARE;
  SELECT COUNT(*) INTO v_subscriptions FROM subscriptions WHERE user_id = p_user_id FOR SHARE;
  BEGIN  -- the log's key decides: looking for a missing row first would lock the gap that it belongs in
    DECLARE EXIT HANDLER FOR 1062 CALL raise_error('ALREADY_ERASED', p_user_id);
    INSERT INTO erasure_log (user_id, requested_by, reason, kept)
    VALUES (p_user_id, p_requested_by, p_reason,
            JSON_OBJECT('payments', v_payments + v_archived, 'enrollments', v_enrollments, 'subscriptions', v_subscriptions,
                        'why', 'accounts must show what was paid, and what for'));
  END;

  IF v_deleted_at IS NULL THEN
    CALL close_account(p_user_id, NULL);
  END IF;
  CALL forget_user(p_user_id);
  CALL erase_personal_values(p_user_id);

  IF v_joined THEN RELEASE SAVEPOINT erase_user; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `expire_access`(OUT p_expired INT)
    MODIFIES SQL DATA
    COMMENT 'Ends the enrollments whose access has ended'
BEGIN
  DECLARE v_student_id BIGINT UNSIGNED;
  DECLARE v_course_id  BIGINT UNSIGNED;
  DECLARE v_done       BOOLEAN DEFAULT FALSE;
  DECLARE v_ended      BOOLEAN;
  DECLARE c_ended CURSOR FOR
    SELECT student_id, course_id FROM course_access
     WHERE has_ended = FALSE AND access_expires_at <= UTC_TIMESTAMP(6)
     ORDER BY access_expires_at, student_id, course_id;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

  CALL refuse_in_transaction('expire_access');
  SET p_expired = 0;

  OPEN c_ended;
  FETCH c_ended INTO v_student_id, v_course_id;
  WHILE NOT v_done DO
    CALL expire_enrollment(v_student_id, v_course_id, v_ended);
    SET p_expired = p_expired + v_ended;
    SET v_done = FALSE;  -- a "not found" inside the call is not the cursor's
    FETCH c_ended INTO v_student_id, v_course_id;
  END WHILE;
  CLOSE c_ended;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `expire_enrollment`(IN p_student_id BIGINT UNSIGNED, IN p_course_id BIGINT UNSIGNED, OUT p_ended BOOLEAN)
    MODIFIES SQL DATA
    COMMENT 'One step of expire_access'
BEGIN
  DECLARE v_locked BIGINT UNSIGNED;
  DECLARE v_errno  INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    GET STACKED DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
    ROLLBACK;
    SET p_ended = FALSE;
    IF v_errno NOT IN (1205, 1213) THEN  -- those are left to the next run
      RESIGNAL;
    END IF;
  END;

  CALL begin_owned();
  SELECT user_id INTO v_locked FROM users WHERE user_id = p_student_id FOR UPDATE SKIP LOCKED;
  UPDATE enrollments enrollment
    JOIN course_access access
      ON access.student_id = enrollment.student_id AND access.course_id = enrollment.course_id
     SET enrollment.status = 'expired'
   WHERE enrollment.student_id = v_locked
     AND enrollment.course_id = p_course_id
     AND enrollment.in_force = 1
     AND enrollment.status = 'active'
     AND access.access_expires_at <= UTC_TIMESTAMP(6);
  SET p_ended = ROW_COUNT() > 0;
  UPDATE course_access SET has_ended = TRUE
   WHERE student_id = v_locked AND course_id = p_course_id AND access_expires_at <= UTC_TIMESTAMP(6);
  COMMIT;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `expire_pending`(IN p_payment_id BIGINT UNSIGNED, IN p_order_id BIGINT UNSIGNED, OUT p_outcome VARCHAR(10))
    MODIFIES SQL DATA
    COMMENT 'One step of reconcile_pending_payments'
BEGIN
  DECLARE v_user_id   BIGINT UNSIGNED;
  DECLARE v_course_id BIGINT UNSIGNED;
  DECLARE v_status    VARCHAR(20);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    SET p_outcome = 'FAILED';
  END;

  CALL begin_owned();
  SET p_outcome = 'EXPIRED';
  IF p_payment_id IS NOT NULL THEN
    CALL lock_purchase(p_payment_id, v_user_id, v_course_id, v_status);
  ELSE
    CALL lock_order(p_order_id, v_user_id, v_status);
  END IF;
  CASE v_status
    WHEN 'pending'         THEN CALL release_purchase(p_payment_id, 'expired');
    WHEN 'pending_payment' THEN CALL release_order(p_order_id, 'cancelled', 'expired');
    ELSE SET p_outcome = 'NOTHING';
  END CASE;
  COMMIT;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `fail_order`(IN p_order_id BIGINT, IN p_reason LONGTEXT, OUT p_status VARCHAR(50))
    MODIFIES SQL DATA
    COMMENT 'Ends an order whose gateway took no money'
BEGIN
  DECLARE v_joined  BOOLEAN;
  DECLARE v_user_id BIGINT UNSIGNED;
  DECLARE v_status  VARCHAR(20);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT fail_order; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_order_id', p_order_id);
  CALL refuse_long('p_reason', p_reason, 500);

  CALL begin_or_join(v_joined);
  SAVEPOINT fail_order;
  CALL lock_order(p_order_id, v_user_id, v_status);
  IF v_status = 'pending_payment' THEN
    CALL release_order(p_order_id, 'payment_failed', p_reason);
    SET p_status = 'FAILED';
  ELSE
    SET p_status = IF(v_status IN ('payment_failed', 'cancelled'), 'ALREADY_FAILED', 'ALREADY_CONFIRMED');
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT fail_order; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `fail_purchase`(IN p_payment_id BIGINT, IN p_reason LONGTEXT, OUT p_status VARCHAR(50))
    MODIFIES SQL DATA
    COMMENT 'Ends a purchase whose gateway took no money'
BEGIN
  DECLARE v_joined    BOOLEAN;
  DECLARE v_user_id   BIGINT UNSIGNED;
  DECLARE v_course_id BIGINT UNSIGNED;
  DECLARE v_status    VARCHAR(20);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT fail_purchase; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_payment_id', p_payment_id);
  CALL refuse_long('p_reason', p_reason, 500);

  CALL begin_or_join(v_joined);
  SAVEPOINT fail_purchase;
  CALL lock_purchase(p_payment_id, v_user_id, v_course_id, v_status);
  IF v_status = 'pending' THEN
    INSERT INTO payment_events (payment_id, event_type) VALUES (p_payment_id, 'payment_gateway_failed');
    CALL release_purchase(p_payment_id, p_reason);
    SET p_status = 'SUCCESS';
  ELSE
    SET p_status = IF(v_status = 'failed', 'ALREADY_FAILED', 'ALREADY_COMPLETED');
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT fail_purchase; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `fill_payout`(
  IN  p_instructor_id BIGINT UNSIGNED,
  IN  p_currency      CHAR(3) CHARACTER SET ascii COLLATE ascii_bin,
  IN  p_period_end    DATE,
  OUT p_made          BOOLEAN
)
    MODIFIES SQL DATA
    COMMENT 'Puts every open item of an instructor into one new batch'
BEGIN
  DECLARE v_payout_id BIGINT UNSIGNED;
  DECLARE v_amount    DECIMAL(12,2);
  DECLARE v_items     INT;
  DECLARE EXIT HANDLER FOR 1062 SET p_made = FALSE;

  INSERT INTO payouts (instructor_id, period_end, currency, amount)
  VALUES (p_instructor_id, p_period_end, p_currency, 0);
  SET v_payout_id = LAST_INSERT_ID();
  UPDATE payout_items SET payout_id = v_payout_id
   WHERE instructor_id = p_instructor_id AND payout_id IS NULL AND occurred_at < p_period_end + INTERVAL 1 DAY
     AND currency = p_currency;
  SELECT SUM(amount), COUNT(*) INTO v_amount, v_items FROM payout_items WHERE payout_id = v_payout_id;
  UPDATE payouts SET amount = COALESCE(v_amount, 0), items = v_items WHERE payout_id = v_payout_id;
  SET p_made = v_items > 0;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `find_promoted_courses`(
  IN  p_cart_id     BIGINT UNSIGNED,
  IN  p_course_id   BIGINT UNSIGNED,
  IN  p_category_id BIGINT UNSIGNED,
  OUT p_courses     JSON
)
    READS SQL DATA
    COMMENT 'Which courses of a cart a promotion is for'
BEGIN
  DECLARE v_path VARCHAR(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

  IF p_category_id IS NULL THEN
    SELECT JSON_ARRAYAGG(course_id) INTO p_courses FROM cart_items
     WHERE cart_id = p_cart_id AND course_id = COALESCE(p_course_id, course_id) FOR SHARE;
  ELSE
    SELECT path INTO v_path FROM categories WHERE category_id = p_category_id FOR SHARE;
    SELECT JSON_ARRAYAGG(course_id) INTO p_courses
      FROM (SELECT DISTINCT item.course_id
              FROM cart_items item
              JOIN course_categories listed ON listed.course_id = item.course_id
              JOIN categories category ON category.category_id = listed.category_id
             WHERE item.cart_id = p_cart_id AND category.path LIKE CONCAT(v_path, '%') FOR SHARE) promoted;
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `fit_partitions`(IN p_table VARCHAR(64), IN p_last_year INT, IN p_first_year INT)
    MODIFIES SQL DATA
    COMMENT 'Adds years to a partitioned table and drops old ones'
BEGIN
  DECLARE v_first INT;
  DECLARE v_last  INT;

  SELECT MIN(CAST(SUBSTRING(partition_name, 2) AS UNSIGNED)), MAX(CAST(SUBSTRING(partition_name, 2) AS UNSIGNED))
    INTO v_first, v_last
    FROM information_schema.partitions WHERE table_schema = DATABASE() AND table_name = p_table;
  WHILE v_last < p_last_year DO
    SET v_last = v_last + 1;
    SET @_learnhub_ddl = CONCAT('ALTER TABLE ', p_table, ' ADD PARTITION (PARTITION p', v_last,
                                ' VALUES LESS THAN (''', v_last + 1, '-01-01''))');
    PREPARE ddl FROM @_learnhub_ddl;
    EXECUTE ddl;
    DEALLOCATE PREPARE ddl;
  END WHILE;
  WHILE v_first < LEAST(p_first_year, v_last) DO
    SET @_learnhub_ddl = CONCAT('ALTER TABLE ', p_table, ' DROP PARTITION p', v_first);
    PREPARE ddl FROM @_learnhub_ddl;
    EXECUTE ddl;
    DEALLOCATE PREPARE ddl;
    SELECT MIN(CAST(SUBSTRING(partition_name, 2) AS UNSIGNED)) INTO v_first
      FROM information_schema.partitions WHERE table_schema = DATABASE() AND table_name = p_table;
  END WHILE;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `fold_counters`()
    MODIFIES SQL DATA
    COMMENT 'Brings the counters of courses and flash sales up to date'
BEGIN
  DECLARE v_id   BIGINT UNSIGNED;
  DECLARE v_done BOOLEAN DEFAULT FALSE;
  DECLARE v_busy BOOLEAN;  -- a deadlock: the call has to be repeated
  DECLARE v_more BOOLEAN;
  DECLARE v_kept BOOLEAN DEFAULT FALSE;  -- a lock was not let go of

  CALL refuse_in_transaction('fold_counters');

  BEGIN  -- its handlers must not see the error at the end
    DECLARE c_courses CURSOR FOR SELECT DISTINCT course_id FROM course_deltas ORDER BY course_id;
    DECLARE c_sales   CURSOR FOR
      SELECT sale_id FROM flash_sale_terms FORCE INDEX (sales_to_fold) WHERE state IN ('open', 'settled') ORDER BY sale_id;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;
    DECLARE CONTINUE HANDLER FOR 1213 SET v_busy = TRUE;
    DECLARE CONTINUE HANDLER FOR 1205 SET v_kept = TRUE;

    OPEN c_courses;
    FETCH c_courses INTO v_id;
    WHILE NOT v_done DO
      REPEAT
        SET v_busy = FALSE, v_more = FALSE;
        CALL fold_course(v_id, v_more);
      UNTIL NOT v_busy AND NOT v_more END REPEAT;
      SET v_done = FALSE;  -- a "not found" inside the call is not the cursor's
      FETCH c_courses INTO v_id;
    END WHILE;
    CLOSE c_courses;

    SET v_done = FALSE;
    OPEN c_sales;
    FETCH c_sales INTO v_id;
    WHILE NOT v_done DO
      REPEAT
        SET v_busy = FALSE;
        CALL fold_flash_sale(v_id);
      UNTIL NOT v_busy END REPEAT;
      SET v_done = FALSE;
      FETCH c_sales INTO v_id;
    END WHILE;
    CLOSE c_sales;
  END;

  IF v_kept THEN
    SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1205, MESSAGE_TEXT = 'Lock wait timeout exceeded; try restarting transaction';
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `fold_course`(IN p_course_id BIGINT UNSIGNED, OUT p_more BOOLEAN)
    MODIFIES SQL DATA
    COMMENT 'Adds a course''s deltas to its counters'
BEGIN
  DECLARE v_course_id BIGINT UNSIGNED;
  DECLARE v_deltas    JSON;
  DECLARE v_enrolled  INT;
  DECLARE v_total     INT;
  DECLARE v_rating    INT;
  DECLARE v_reviews   INT;
  DECLARE v_newest    DATETIME(6);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;

  CALL begin_owned();
  SELECT course_id INTO v_course_id FROM courses WHERE course_id = p_course_id FOR UPDATE;
  SELECT JSON_ARRAYAGG(delta_id), SUM(enrolled), SUM(total), SUM(rating_sum), SUM(reviews), COUNT(*) = 5000
    INTO v_deltas, v_enrolled, v_total, v_rating, v_reviews, p_more
    FROM (SELECT * FROM course_deltas WHERE course_id = p_course_id LIMIT 5000 FOR UPDATE SKIP LOCKED) delta;
  IF v_deltas IS NOT NULL THEN
    SELECT MAX(enrolled_at) INTO v_newest FROM enrollments WHERE course_id = p_course_id;
    UPDATE courses
       SET enrolled_students    = enrolled_students + v_enrolled,
           total_enrollments    = total_enrollments + v_total,
           rating_sum           = rating_sum + v_rating,
           review_count         = review_count + v_reviews,
           last_enrollment_date = v_newest
     WHERE course_id = p_course_id
       AND NOT (v_enrolled = 0 AND v_total = 0 AND v_rating = 0 AND v_reviews = 0 AND last_enrollment_date <=> v_newest);
    DELETE delta FROM JSON_TABLE(v_deltas, '$[*]' COLUMNS (delta_id BIGINT UNSIGNED PATH '$')) folded
      STRAIGHT_JOIN course_deltas delta ON delta.delta_id = folded.delta_id;
  END IF;
  COMMIT;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `fold_flash_sale`(IN p_sale_id BIGINT UNSIGNED)
    MODIFIES SQL DATA
    COMMENT 'Writes how many seats of a sale are taken into its row'
BEGIN
  DECLARE v_max_seats INT UNSIGNED;
  DECLARE v_ended     BOOLEAN;
  DECLARE v_left      BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;

  CALL begin_owned();
  SELECT max_seats INTO v_max_seats FROM flash_sales WHERE sale_id = p_sale_id FOR UPDATE;
  SELECT end_time < UTC_TIMESTAMP(6) INTO v_ended FROM flash_sale_terms WHERE sale_id = p_sale_id;
  IF v_ended THEN
    CALL settle_flash_sale(p_sale_id);
  END IF;
  SELECT SUM(seats_left) INTO v_left FROM flash_sale_stock WHERE sale_id = p_sale_id;
  UPDATE flash_sales SET seats_taken = v_max_seats - v_left
   WHERE sale_id = p_sale_id AND seats_taken <> v_max_seats - v_left;
  UPDATE flash_sale_terms SET state = 'folded' WHERE sale_id = p_sale_id AND state = 'settled';
  COMMIT;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `follow_with_certificate`(IN p_enrollment_id BIGINT UNSIGNED, IN p_status VARCHAR(20))
    MODIFIES SQL DATA
    COMMENT 'Makes the certificate follow its enrollment'
BEGIN
  IF p_status = 'completed' THEN
    INSERT INTO certificates (enrollment_id) VALUES (p_enrollment_id);
  ELSE
    UPDATE certificates SET revoked_at = UTC_TIMESTAMP(6) WHERE enrollment_id = p_enrollment_id AND revoked_at IS NULL;
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `forget_user`(IN p_user_id BIGINT UNSIGNED)
    MODIFIES SQL DATA
    COMMENT 'Deletes what nobody has a duty to keep of one person'
BEGIN
  DECLARE v_carts INT;

  SELECT COUNT(*) INTO v_carts FROM carts WHERE user_id = p_user_id FOR UPDATE;  -- nothing more comes into them
  DELETE FROM wishlist_items WHERE student_id = p_user_id;
  DELETE item FROM carts cart JOIN cart_items item ON item.cart_id = cart.cart_id WHERE cart.user_id = p_user_id;
  DELETE FROM carts WHERE user_id = p_user_id;
  DELETE FROM course_access WHERE student_id = p_user_id;
  DELETE FROM section_progress WHERE student_id = p_user_id;
  DELETE FROM lesson_progress WHERE student_id = p_user_id;
  DELETE FROM quiz_attempts WHERE student_id = p_user_id;
  DELETE FROM instructor_accounts WHERE user_id = p_user_id;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `freeze_share`(
  IN p_payment_id    BIGINT UNSIGNED,
  IN p_enrollment_id BIGINT UNSIGNED,
  IN p_occurred_at   DATETIME(6),
  IN p_amount        DECIMAL(10,2),
  IN p_currency      CHAR(3) CHARACTER SET ascii COLLATE ascii_bin
)
    MODIFIES SQL DATA
    COMMENT 'Writes down the instructor''s share of a completed charge'
BEGIN
  INSERT INTO payout_items
         (payment_id, instructor_id, course_id, occurred_at, gross, currency, share_percent, amount)
  SELECT p_payment_id, course.instructor_id, course.course_id, p_occurred_at, p_amount, p_currency, rate.share_percent,
         ROUND(p_amount * rate.share_percent / 100, 2)
    FROM enrollments enrollment
    JOIN courses course ON course.course_id = enrollment.course_id
    JOIN payout_rates rate
      ON rate.valid_from = (SELECT MAX(valid_from) FROM payout_rates WHERE valid_from <= p_occurred_at FOR SHARE)
   WHERE enrollment.enrollment_id = p_enrollment_id
     FOR SHARE;
  IF ROW_COUNT() = 0 THEN
    CALL raise_error('NO_PAYOUT_RATE', DATE(p_occurred_at));
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `give_back`(IN p_payment_id BIGINT UNSIGNED)
    MODIFIES SQL DATA
    COMMENT 'Gives the money of a completed charge back'
BEGIN
  UPDATE payments SET status = 'refunded' WHERE payment_id = p_payment_id;
  INSERT INTO payments (user_id, enrollment_id, subscription_id, order_id, kind, amount, currency, payment_method,
                        payment_gateway, status, transaction_id, refund_of)
  SELECT user_id, enrollment_id, subscription_id, order_id, 'refund', -amount, currency, payment_method,
         payment_gateway, 'refunded', CONCAT('refund_', COALESCE(transaction_id, UUID())), payment_id
    FROM payments WHERE payment_id = p_payment_id;
  INSERT INTO payment_events (payment_id, event_type, event_data)
  VALUES (p_payment_id, 'refunded', JSON_OBJECT('refund_id', LAST_INSERT_ID()));
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `lock_cart`(IN p_cart_id BIGINT UNSIGNED, OUT p_user_id BIGINT UNSIGNED, OUT p_deleted_at DATETIME(6))
    READS SQL DATA
    COMMENT 'Locks a cart and its user'
BEGIN
  DECLARE v_owner BIGINT UNSIGNED;

  SELECT user_id INTO v_owner FROM carts WHERE cart_id = p_cart_id;
  IF v_owner IS NULL THEN  -- an old snapshot does not show a new cart
    SELECT user_id INTO v_owner FROM carts WHERE cart_id = p_cart_id FOR SHARE;
  END IF;
  IF v_owner IS NOT NULL THEN
    CALL lock_user(v_owner, p_deleted_at);
    SELECT user_id INTO p_user_id FROM carts WHERE cart_id = p_cart_id FOR UPDATE;
  END IF;
  IF NOT p_user_id <=> v_owner OR p_user_id IS NULL THEN  -- also one that changed hands or went meanwhile
    CALL raise_error('NO_SUCH_CART', p_cart_id);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `lock_order`(IN p_order_id BIGINT UNSIGNED, OUT p_user_id BIGINT UNSIGNED, OUT p_status VARCHAR(20))
    READS SQL DATA
    COMMENT 'Locks an order, its user, its courses and seats'
BEGIN
  DECLARE v_deleted_at DATETIME(6);
  DECLARE v_course_id  BIGINT UNSIGNED;
  DECLARE v_done       BOOLEAN DEFAULT FALSE;
  DECLARE c_items CURSOR FOR
    SELECT course_id FROM order_items WHERE order_id = p_order_id ORDER BY course_id FOR SHARE;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

  SELECT user_id INTO p_user_id FROM orders WHERE order_id = p_order_id;
  IF p_user_id IS NULL THEN  -- an old snapshot does not show a new order
    SELECT user_id INTO p_user_id FROM orders WHERE order_id = p_order_id FOR SHARE;
  END IF;
  IF p_user_id IS NULL THEN
    CALL raise_error('NO_SUCH_ORDER', p_order_id);
  END IF;
  CALL lock_user(p_user_id, v_deleted_at);

  OPEN c_items;
  SET v_done = FALSE;
  FETCH c_items INTO v_course_id;
  WHILE NOT v_done DO
    CALL lock_seats(v_course_id);
    SET v_done = FALSE;  -- a "not found" inside the call is not the cursor's
    FETCH c_items INTO v_course_id;
  END WHILE;
  CLOSE c_items;
  SELECT status INTO p_status FROM orders WHERE order_id = p_order_id FOR UPDATE;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `lock_purchase`(
  IN  p_payment_id BIGINT UNSIGNED,
  OUT p_user_id    BIGINT UNSIGNED,
  OUT p_course_id  BIGINT UNSIGNED,
  OUT p_status     VARCHAR(20)
)
    READS SQL DATA
    COMMENT 'Locks a charge, its user, its course and seats'
BEGIN
  DECLARE v_deleted_at DATETIME(6);

  SELECT user_id, course_id INTO p_user_id, p_course_id
    FROM payments WHERE payment_id = p_payment_id AND kind = 'charge';
  IF p_user_id IS NULL THEN  -- an old snapshot does not show a new charge
    SELECT user_id, course_id INTO p_user_id, p_course_id
      FROM payments WHERE payment_id = p_payment_id AND kind = 'charge' FOR SHARE;
  END IF;
  IF p_user_id IS NULL THEN
    SELECT user_id, course_id INTO p_user_id, p_course_id
      FROM payments_history WHERE payment_id = p_payment_id AND kind = 'charge' FOR SHARE;
  END IF;
  IF p_user_id IS NULL THEN
    CALL raise_error('NO_SUCH_PAYMENT', p_payment_id);
  END IF;
  CALL lock_user(p_user_id, v_deleted_at);
  CALL lock_seats(p_course_id);
  SELECT status INTO p_status FROM payments WHERE payment_id = p_payment_id FOR UPDATE;
  IF p_status IS NULL THEN
    SELECT status INTO p_status FROM payments_history WHERE payment_id = p_payment_id FOR SHARE;
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `lock_seats`(IN p_course_id BIGINT UNSIGNED)
    READS SQL DATA
    COMMENT 'Locks a course for reading, and its seats'
BEGIN
  DECLARE v_max_students INT UNSIGNED;
  DECLARE v_seats_taken  INT;

  SELECT max_students INTO v_max_students FROM courses WHERE course_id = p_course_id FOR SHARE;
  IF v_max_students IS NOT NULL THEN
    SELECT seats_taken INTO v_seats_taken FROM course_seats WHERE course_id = p_course_id FOR UPDATE;
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `lock_user`(IN p_user_id BIGINT UNSIGNED, OUT p_deleted_at DATETIME(6))
    READS SQL DATA
    COMMENT 'Locks a user''s row'
BEGIN
  DECLARE v_user_id BIGINT UNSIGNED;

  SELECT user_id, deleted_at INTO v_user_id, p_deleted_at FROM users WHERE user_id = p_user_id FOR UPDATE;
  IF v_user_id IS NULL THEN
    CALL raise_error('NO_SUCH_USER', p_user_id);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `maintain_partitions`(IN p_years_ahead BIGINT, IN p_keep_years BIGINT)
    MODIFIES SQL DATA
    COMMENT 'Adds coming years to the history, drops those past keeping'
BEGIN
  DECLARE v_lock      CHAR(64) DEFAULT SHA2(CONCAT('maintain_partitions.', DATABASE()), 256);
  DECLARE v_year      INT      DEFAULT YEAR(UTC_DATE());
  DECLARE v_lock_wait BIGINT   DEFAULT @@SESSION.lock_wait_timeout;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    SET SESSION lock_wait_timeout = v_lock_wait;
    DO RELEASE_LOCK(v_lock);
    RESIGNAL;
  END;

  CALL require_argument('p_years_ahead', p_years_ahead);
  CALL require_argument('p_keep_years', p_keep_years);
  IF p_years_ahead NOT BETWEEN 0 AND 50 THEN
    CALL raise_error('BAD_YEARS', p_years_ahead);
  ELSEIF p_keep_years NOT BETWEEN 1 AND 100 THEN
    CALL raise_error('BAD_YEARS', p_keep_years);
  END IF;
  CALL refuse_in_transaction('maintain_partitions');

  DO GET_LOCK(v_lock, 60);
  SET SESSION lock_wait_timeout = 10;
  CALL fit_partitions('payments_history', v_year + p_years_ahead, v_year - p_keep_years);
  CALL fit_partitions('payment_events_history', v_year + p_years_ahead, v_year - p_keep_years);
  SET SESSION lock_wait_timeout = v_lock_wait;
  DO RELEASE_LOCK(v_lock);
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `move_category`(IN p_category_id BIGINT, IN p_new_parent_id BIGINT)
    MODIFIES SQL DATA
    COMMENT 'Moves a category with all below it'
BEGIN
  DECLARE v_joined    BOOLEAN;
  DECLARE v_mutex     VARCHAR(64);
  DECLARE v_path      VARCHAR(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
  DECLARE v_slug      VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
  DECLARE v_depth     INT;
  DECLARE v_new_path  VARCHAR(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
  DECLARE v_new_depth INT DEFAULT -1;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT move_category; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_category_id', p_category_id);

  CALL begin_or_join(v_joined);
  SAVEPOINT move_category;
  SELECT name INTO v_mutex FROM mutexes WHERE name = 'categories' FOR UPDATE;
  SELECT path, slug, depth INTO v_path, v_slug, v_depth
    FROM categories WHERE category_id = p_category_id FOR UPDATE;
  IF v_path IS NULL THEN
    CALL raise_error('NO_SUCH_CATEGORY', p_category_id);
  END IF;
  IF p_new_parent_id IS NOT NULL THEN
    SELECT path, depth INTO v_new_path, v_new_depth
      FROM categories WHERE category_id = p_new_parent_id FOR SHARE;
    IF v_new_path IS NULL THEN
      CALL raise_error('NO_SUCH_CATEGORY', p_new_parent_id);
    END IF;
    IF LEFT(v_new_path, CHAR_LENGTH(v_path)) = v_path THEN
      CALL raise_error('CATEGORY_CYCLE', p_category_id);
    END IF;
  END IF;

  UPDATE mutexes SET held_by = CONNECTION_ID() WHERE name = 'categories';
  BEGIN
    DECLARE EXIT HANDLER FOR 1062 CALL raise_error('CATEGORY_TAKEN', v_slug);
    DECLARE EXIT HANDLER FOR 1406 CALL raise_error('PATH_TOO_LONG', v_slug);
    UPDATE categories
       SET parent_id = IF(category_id = p_category_id, p_new_parent_id, parent_id),
           depth     = CAST(depth AS SIGNED) - v_depth + v_new_depth + 1,
           path      = CONCAT(COALESCE(v_new_path, '/'), v_slug, '/', SUBSTRING(path, CHAR_LENGTH(v_path) + 1))
     WHERE path LIKE CONCAT(v_path, '%');
  END;
  UPDATE mutexes SET held_by = NULL WHERE name = 'categories';

  IF v_joined THEN RELEASE SAVEPOINT move_category; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `move_closed_payments`(IN p_before DATE, IN p_batch INT, OUT p_moved INT)
    MODIFIES SQL DATA
    COMMENT 'One step of archive_payments'
BEGIN
  DECLARE v_closed  JSON;
  DECLARE v_charges JSON;
  DECLARE v_refunds JSON;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;

  CALL begin_owned();
  SELECT JSON_ARRAYAGG(payment_id) INTO v_closed
    FROM (SELECT payment_id FROM payments charge FORCE INDEX (payments_by_day)
            STRAIGHT_JOIN users buyer ON buyer.user_id = charge.user_id
           WHERE kind = 'charge' AND processed_at < p_before
             AND (status IN ('failed', 'refunded')
                  OR (status = 'completed' AND (enrollment_id IS NOT NULL OR subscription_id IS NOT NULL)))
             AND NOT EXISTS (SELECT /*+ NO_SEMIJOIN() */ 1 FROM payments late WHERE late.answers = charge.payment_id)
             AND NOT EXISTS (SELECT 1 FROM seat_holds hold WHERE hold.payment_id = charge.payment_id)
           LIMIT p_batch FOR UPDATE OF buyer SKIP LOCKED) closed;
  -- looked at again: before their users were locked, somebody else may have moved them or answered them
  SELECT JSON_ARRAYAGG(JSON_OBJECT('payment_id', payment_id, 'charged_at', created_at)), COUNT(*)
    INTO v_charges, p_moved
    FROM (SELECT charge.payment_id, created_at
            FROM JSON_TABLE(v_closed, '$[*]' COLUMNS (payment_id BIGINT UNSIGNED PATH '$')) found
            STRAIGHT_JOIN payments charge ON charge.payment_id = found.payment_id
           WHERE NOT EXISTS (SELECT /*+ NO_SEMIJOIN() */ 1 FROM payments late WHERE late.answers = charge.payment_id)
             AND NOT EXISTS (SELECT 1 FROM seat_holds hold WHERE hold.payment_id = charge.payment_id)
             FOR UPDATE OF charge SKIP LOCKED) closed;
  IF p_moved > 0 THEN
    SELECT JSON_ARRAYAGG(JSON_OBJECT('payment_id', refund.payment_id, 'charged_at', closed.charged_at)) INTO v_refunds
      FROM JSON_TABLE(v_charges, '$[*]' COLUMNS (payment_id BIGINT UNSIGNED PATH '$.payment_id',
                                                 charged_at DATETIME(6) PATH '$.charged_at')) closed
      STRAIGHT_JOIN payments refund ON refund.refund_of = closed.payment_id
       FOR UPDATE OF refund;
    IF v_refunds IS NOT NULL THEN
      CALL move_to_history(v_refunds);
    END IF;
    CALL move_to_history(v_charges);
  END IF;
  COMMIT;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `move_to_history`(IN p_payments JSON)
    MODIFIES SQL DATA
    COMMENT 'Moves payments and their events into the history'
BEGIN
  INSERT INTO payments_history
         (payment_id, charged_at, user_id, enrollment_id, subscription_id, order_id, kind, amount, currency,
          payment_method, payment_method_token, payment_gateway, status, transaction_id, idempotency_key, refund_of,
          created_at, processed_at, course_id, answers, reason)
  SELECT payment.payment_id, moved.charged_at, user_id, enrollment_id, subscription_id, order_id, kind, amount, currency,
         payment_method, payment_method_token, payment_gateway, status, transaction_id, idempotency_key, refund_of,
         created_at, processed_at, course_id, answers, reason
    FROM JSON_TABLE(p_payments, '$[*]' COLUMNS (payment_id BIGINT UNSIGNED PATH '$.payment_id',
                                                charged_at DATETIME(6) PATH '$.charged_at')) moved
    STRAIGHT_JOIN payments payment ON payment.payment_id = moved.payment_id;
  INSERT INTO payment_events_history (event_id, charged_at, payment_id, event_type, event_data, created_at)
  SELECT event.event_id, moved.charged_at, event.payment_id, event.event_type, event.event_data, event.created_at
    FROM JSON_TABLE(p_payments, '$[*]' COLUMNS (payment_id BIGINT UNSIGNED PATH '$.payment_id',
                                                charged_at DATETIME(6) PATH '$.charged_at')) moved
    STRAIGHT_JOIN payment_events event ON event.payment_id = moved.payment_id;

  DELETE event FROM JSON_TABLE(p_payments, '$[*]' COLUMNS (payment_id BIGINT UNSIGNED PATH '$.payment_id')) moved
    STRAIGHT_JOIN payment_events event ON event.payment_id = moved.payment_id;
  DELETE payment FROM JSON_TABLE(p_payments, '$[*]' COLUMNS (payment_id BIGINT UNSIGNED PATH '$.payment_id')) moved
    STRAIGHT_JOIN payments payment ON payment.payment_id = moved.payment_id;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `note_charges`(IN p_enrollment_id BIGINT UNSIGNED)
    MODIFIES SQL DATA
    COMMENT 'Notes charges that may have bought nothing'
BEGIN
  DECLARE v_in_doubt BOOLEAN;

  -- apart from the INSERT, which would lock the gap that it reads
  SELECT COUNT(*) > 1 OR MAX(enrollment.status) = 'refunded' INTO v_in_doubt
    FROM payments charge FORCE INDEX (payments_of_enrollment)
    JOIN enrollments enrollment ON enrollment.enrollment_id = charge.enrollment_id
   WHERE charge.enrollment_id = p_enrollment_id AND charge.status = 'completed' AND charge.kind = 'charge';
  IF v_in_doubt THEN
    INSERT INTO payments_to_check (payment_id)
    SELECT payment_id FROM payments FORCE INDEX (payments_of_enrollment)
     WHERE enrollment_id = p_enrollment_id AND status = 'completed' AND kind = 'charge'
        ON DUPLICATE KEY UPDATE payment_id = payments_to_check.payment_id;
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `open_purchase`(
  IN  p_user_id         BIGINT UNSIGNED,
  IN  p_course_id       BIGINT UNSIGNED,
  IN  p_payment_method  VARCHAR(50),
  IN  p_idempotency_key VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin,
  OUT p_payment_id      BIGINT UNSIGNED,
  OUT p_status          VARCHAR(50)
)
    MODIFIES SQL DATA
    COMMENT 'Opens the sale of a course inside the caller''s transaction'
sale: BEGIN
  DECLARE v_price         DECIMAL(10,2);
  DECLARE v_fraud_score   INT;
  DECLARE v_first_alert   BIGINT UNSIGNED;
  DECLARE v_should_block  BOOLEAN;
  DECLARE v_enrollment_id BIGINT UNSIGNED;
  DECLARE v_facts         JSON;
  DECLARE EXIT HANDLER FOR 1062 SET p_status = 'ALREADY_ENROLLED';  -- held by a call that a snapshot does not show

  CALL admit_buyer(p_user_id, p_course_id, p_status, v_price);
  IF p_status <> 'CAN_ENROLL' THEN
    LEAVE sale;
  END IF;
  IF v_price = 0 THEN
    CALL add_enrollment(p_user_id, p_course_id, NULL, v_enrollment_id);
    SET p_status = IF(v_enrollment_id IS NULL, 'ALREADY_ENROLLED', 'SUCCESS');
    LEAVE sale;
  END IF;
  CALL score_purchase(p_user_id, v_price, v_fraud_score, v_should_block, v_first_alert);
  IF v_should_block THEN
    SET p_status = IF(has_enrollment_now(p_user_id, p_course_id), 'ALREADY_ENROLLED', 'FRAUD_BLOCKED');
    LEAVE sale;
  END IF;

  BEGIN
    DECLARE EXIT HANDLER FOR 1062 CALL raise_error('KEY_REUSED', p_idempotency_key);
    INSERT INTO payments (user_id, course_id, amount, payment_method, idempotency_key)
    VALUES (p_user_id, p_course_id, v_price, p_payment_method, p_idempotency_key);
  END;
  SET p_payment_id = LAST_INSERT_ID(), v_facts = JSON_OBJECT('course_id', p_course_id, 'amount', v_price);
  INSERT INTO payment_events (payment_id, event_type, event_data) VALUES
    (p_payment_id, 'initiated',              v_facts),
    (p_payment_id, 'payment_gateway_called', v_facts);
  IF v_first_alert IS NOT NULL THEN
    UPDATE fraud_alerts SET payment_id = p_payment_id WHERE user_id = p_user_id AND alert_id >= v_first_alert;
  END IF;
  INSERT INTO seat_holds (student_id, course_id, payment_id) VALUES (p_user_id, p_course_id, p_payment_id);
  SET p_status = 'PENDING';
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `pay_instructor`(
  IN  p_instructor_id BIGINT UNSIGNED,
  IN  p_currency      CHAR(3) CHARACTER SET ascii COLLATE ascii_bin,
  IN  p_period_end    DATE,
  OUT p_made          BOOLEAN
)
    MODIFIES SQL DATA
    COMMENT 'One step of create_payouts'
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;

  CALL begin_owned();
  CALL fill_payout(p_instructor_id, p_currency, p_period_end, p_made);
  IF p_made THEN COMMIT; ELSE ROLLBACK; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `pay_next_period`(IN p_subscription_id BIGINT UNSIGNED, IN p_on DATE)
    MODIFIES SQL DATA
    COMMENT 'Pays the next period of a subscription'
BEGIN
  DECLARE v_status     VARCHAR(20);
  DECLARE v_ends       BOOLEAN;
  DECLARE v_due        DATE;
  DECLARE v_period_end DATE;
  DECLARE v_next_end   DATE;
  DECLARE v_price      DECIMAL(10,2);
  DECLARE v_tries      INT;

  SELECT subscription.status, subscription.cancel_at_period_end, subscription.next_billing_date,
         subscription.current_period_end, plan.price,
         next_period_end(subscription.current_period_end, plan.months, DAY(subscription.start_date))
    INTO v_status, v_ends, v_due, v_period_end, v_price, v_next_end
    FROM subscriptions subscription
    STRAIGHT_JOIN subscription_plans plan USING (plan_type)
   WHERE subscription.subscription_id = p_subscription_id
     FOR UPDATE OF subscription FOR SHARE OF plan;
  IF v_status IS NULL THEN
    CALL raise_error('NO_SUCH_SUBSCRIPTION', p_subscription_id);
  END IF;
  IF v_status NOT IN ('active', 'past_due') THEN
    CALL raise_error('NOT_RENEWABLE', p_subscription_id);
  END IF;
  IF v_ends THEN
    CALL raise_error('CANCELS_AT_PERIOD_END', p_subscription_id);
  END IF;
  IF v_due > p_on THEN
    CALL raise_error('NOT_DUE', p_subscription_id);
  END IF;

  -- apart from the INSERT, which would lock the gap that it reads
  SELECT COALESCE(MAX(retry_count) + 1, 0) INTO v_tries
    FROM subscription_payments
   WHERE subscription_id = p_subscription_id AND billing_period_start = v_period_end AND status = 'failed';
  INSERT INTO subscription_payments (subscription_id, amount, billing_period_start, billing_period_end, status, retry_count)
  VALUES (p_subscription_id, v_price, v_period_end, v_next_end, 'completed', v_tries);
  UPDATE subscriptions
     SET status = 'active', current_period_end = v_next_end, next_billing_date = v_next_end
   WHERE subscription_id = p_subscription_id;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `place_order`(
  IN  p_cart_id         BIGINT,
  IN  p_promotion_code  LONGTEXT,
  IN  p_idempotency_key LONGTEXT,
  OUT p_order_id        BIGINT UNSIGNED,
  OUT p_status          VARCHAR(50)
)
    MODIFIES SQL DATA
    COMMENT 'Orders what lies in a cart'
BEGIN
  DECLARE v_joined       BOOLEAN;
  DECLARE v_idempotency_key VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_user_id      BIGINT UNSIGNED;
  DECLARE v_deleted_at   DATETIME(6);
  DECLARE v_receipt      JSON;
  DECLARE v_promotion_id BIGINT UNSIGNED;
  DECLARE v_promoted     JSON;
  DECLARE v_arguments    LONGTEXT DEFAULT CONCAT_WS('|', p_cart_id, NULLIF(p_promotion_code, ''));
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT place_order; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_cart_id', p_cart_id);
  CALL require_key('p_idempotency_key', p_idempotency_key, 120);
  CALL refuse_long('p_promotion_code', p_promotion_code, 100);
  SET v_idempotency_key = p_idempotency_key;

  CALL begin_or_join(v_joined);
  SAVEPOINT place_order;
  CALL lock_cart(p_cart_id, v_user_id, v_deleted_at);
  CALL claim_receipt('place_order', v_idempotency_key, v_arguments, v_receipt);
  IF v_receipt IS NULL THEN
    IF v_deleted_at IS NOT NULL THEN
      CALL raise_error('USER_DELETED', v_user_id);
    END IF;
    CALL admit_cart(p_cart_id, v_user_id, p_status);
    IF p_status = 'CAN_ENROLL' THEN
      CALL choose_promotion(p_promotion_code, v_user_id, p_cart_id, v_promotion_id, v_promoted, p_status);
    END IF;
    IF p_status = 'CAN_ENROLL' THEN
      CALL write_order(p_cart_id, v_user_id, v_promotion_id, v_promoted, p_order_id, p_status);
    END IF;
    IF p_status = 'PENDING' THEN
      CALL score_order(p_order_id, v_user_id);
    END IF;
    IF p_status IN ('PENDING', 'CONFIRMED') THEN
      UPDATE receipts SET outcome = JSON_OBJECT('status', p_status, 'order_id', p_order_id)
       WHERE operation = 'place_order' AND receipt_key = v_idempotency_key;
    ELSE
      ROLLBACK TO SAVEPOINT place_order;
      SET p_order_id = NULL;
    END IF;
  ELSE
    SET p_status   = JSON_VALUE(v_receipt, '$.status'),
        p_order_id = JSON_VALUE(v_receipt, '$.order_id' RETURNING UNSIGNED);
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT place_order; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `process_course_purchase`(
  IN  p_user_id        BIGINT,
  IN  p_course_id      BIGINT,
  IN  p_payment_method LONGTEXT,
  IN  p_transaction_id LONGTEXT,
  OUT p_enrollment_id  BIGINT UNSIGNED,
  OUT p_status         VARCHAR(50)
)
    MODIFIES SQL DATA
    COMMENT 'Sells a course to a user'
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_transaction_id VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_deleted_at DATETIME(6);
  DECLARE v_price      DECIMAL(10,2);
  DECLARE v_receipt    JSON;
  DECLARE v_errno      INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    GET STACKED DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT process_course_purchase; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    IF v_errno IN (1205, 1213) OR v_errno BETWEEN 30000 AND 32767 THEN
      RESIGNAL;
    END IF;
    SELECT price INTO v_price FROM courses WHERE course_id = p_course_id FOR SHARE;
    IF COALESCE(v_price, 0) = 0 THEN
      RESIGNAL;
    END IF;
    CALL record_failed_purchase(p_user_id, p_course_id, p_payment_method, v_transaction_id, v_price, v_errno, v_receipt);
    SET p_status        = JSON_VALUE(v_receipt, '$.status'),
        p_enrollment_id = JSON_VALUE(v_receipt, '$.enrollment_id' RETURNING UNSIGNED);
  END;

  CALL require_id('p_user_id', p_user_id);
  CALL require_id('p_course_id', p_course_id);
  CALL require_argument('p_payment_method', p_payment_method);
  CALL require_key('p_transaction_id', p_transaction_id, 100);
  SET v_transaction_id = p_transaction_id;
  IF p_payment_method NOT IN ('credit_card', 'paypal', 'stripe', 'bank_transfer') THEN
    CALL raise_error('UNKNOWN_METHOD', p_payment_method);
  END IF;
  IF v_transaction_id LIKE 'refund\_%' THEN
    CALL raise_error('RESERVED_KEY', v_transaction_id);
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT process_course_purchase;
  CALL lock_user(p_user_id, v_deleted_at);
  CALL claim_receipt('process_course_purchase', v_transaction_id,
                     CONCAT_WS('|', p_user_id, p_course_id, p_payment_method), v_receipt);
  IF v_receipt IS NULL THEN
    IF v_deleted_at IS NOT NULL THEN
      CALL raise_error('USER_DELETED', p_user_id);
    END IF;
    CALL sell_course(p_user_id, p_course_id, p_payment_method, v_transaction_id, p_enrollment_id, p_status);
    IF p_status = 'SUCCESS' THEN
      UPDATE receipts SET outcome = JSON_OBJECT('status', p_status, 'enrollment_id', p_enrollment_id)
       WHERE operation = 'process_course_purchase' AND receipt_key = v_transaction_id;
    ELSEIF p_status = 'FRAUD_BLOCKED' THEN  -- its alerts stay
      DELETE FROM receipts WHERE operation = 'process_course_purchase' AND receipt_key = v_transaction_id;
    ELSE
      ROLLBACK TO SAVEPOINT process_course_purchase;
    END IF;
  ELSE
    SET p_status        = JSON_VALUE(v_receipt, '$.status'),
        p_enrollment_id = JSON_VALUE(v_receipt, '$.enrollment_id' RETURNING UNSIGNED);
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT process_course_purchase; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `process_refund`(IN p_enrollment_id BIGINT, OUT p_result VARCHAR(100))
    MODIFIES SQL DATA
    COMMENT 'Gives the money for an enrollment back and ends it'
BEGIN
  DECLARE v_joined      BOOLEAN;
  DECLARE v_student_id  BIGINT UNSIGNED;
  DECLARE v_course_id   BIGINT UNSIGNED;
  DECLARE v_deleted_at  DATETIME(6);
  DECLARE v_status      VARCHAR(20);
  DECLARE v_enrolled_at DATETIME(6);
  DECLARE v_progress    DECIMAL(5,2);
  DECLARE v_payment_id  BIGINT UNSIGNED;
  DECLARE v_amount      DECIMAL(10,2);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT process_refund; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_enrollment_id', p_enrollment_id);

  CALL begin_or_join(v_joined);
  SAVEPOINT process_refund;
  SELECT student_id INTO v_student_id FROM enrollments WHERE enrollment_id = p_enrollment_id;
  IF v_student_id IS NULL THEN  -- an old snapshot does not show a new enrollment
    SELECT student_id INTO v_student_id FROM enrollments WHERE enrollment_id = p_enrollment_id FOR SHARE;
  END IF;
  IF v_student_id IS NOT NULL THEN
    CALL lock_user(v_student_id, v_deleted_at);
    SELECT course_id, status, enrolled_at, progress_percentage INTO v_course_id, v_status, v_enrolled_at, v_progress
      FROM enrollments WHERE enrollment_id = p_enrollment_id FOR UPDATE;
    SELECT payment_id, amount INTO v_payment_id, v_amount
      FROM payments
     WHERE enrollment_id = p_enrollment_id AND kind = 'charge' AND status = 'completed'
     ORDER BY payment_id LIMIT 1 FOR UPDATE;
  END IF;

  IF v_student_id IS NULL THEN
    SET p_result = 'ERROR: Enrollment not found';
  ELSEIF v_status = 'refunded' THEN
    SET p_result = 'ERROR: Already refunded';
  ELSEIF DATEDIFF(UTC_DATE(), v_enrolled_at) > policy_value('refund_window_days') THEN
    SET p_result = 'ERROR: Refund period expired';
  ELSEIF v_progress > policy_value('refund_progress_limit') THEN
    SET p_result = 'ERROR: Course progress exceeds 20%';
  ELSEIF v_payment_id IS NULL THEN
    SET p_result = 'ERROR: No completed payment found';
  ELSE
    CALL give_back(v_payment_id);
    UPDATE enrollments
       SET status = 'refunded', progress_percentage = 0, completed_at = NULL
     WHERE enrollment_id = p_enrollment_id;
    UPDATE course_access SET access_expires_at = UTC_TIMESTAMP(6)
     WHERE student_id = v_student_id AND course_id = v_course_id
       AND NOT has_enrollment_now(v_student_id, v_course_id);  -- bought anew since: that access stays
    SET p_result = CONCAT('SUCCESS: Refunded $', v_amount);
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT process_refund; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `raise_error`(IN p_name VARCHAR(40), IN p_subject LONGTEXT)
    READS SQL DATA
    COMMENT 'Ends the call with an error of error_catalogue'
BEGIN
  DECLARE v_errno SMALLINT UNSIGNED DEFAULT 32767;
  DECLARE v_text  VARCHAR(128) DEFAULT 'an error that is not in error_catalogue';

  SELECT errno, LEFT(CONCAT(REPLACE(message, '{}', LEFT(COALESCE(p_subject, 'NULL'), 40)), ': ', mend), 128)
    INTO v_errno, v_text
    FROM error_catalogue WHERE name = p_name;
  SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = v_errno, MESSAGE_TEXT = v_text;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `reconcile_pending_payments`(IN p_older_than_minutes BIGINT, OUT p_expired INT)
    MODIFIES SQL DATA
    COMMENT 'Lets payments and orders expire that are pending for too long'
BEGIN
  DECLARE v_payment_id BIGINT UNSIGNED;
  DECLARE v_order_id   BIGINT UNSIGNED;
  DECLARE v_word       VARCHAR(10);
  DECLARE v_failed     INT DEFAULT 0;
  DECLARE v_done       BOOLEAN DEFAULT FALSE;
  DECLARE c_pending CURSOR FOR
    SELECT payment_id, NULL FROM payments
     WHERE status = 'pending' AND created_at <= UTC_TIMESTAMP(6) - INTERVAL p_older_than_minutes MINUTE
       AND kind = 'charge'
    UNION ALL
    SELECT NULL, order_id FROM orders
     WHERE status = 'pending_payment' AND created_at <= UTC_TIMESTAMP(6) - INTERVAL p_older_than_minutes MINUTE;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

  CALL require_argument('p_older_than_minutes', p_older_than_minutes);
  IF p_older_than_minutes NOT BETWEEN 0 AND 4294967295 THEN
    CALL raise_error('OUT_OF_RANGE', CONCAT('p_older_than_minutes ', p_older_than_minutes));
  END IF;
  CALL refuse_in_transaction('reconcile_pending_payments');
  SET p_expired = 0;

  OPEN c_pending;
  FETCH c_pending INTO v_payment_id, v_order_id;
  WHILE NOT v_done DO
    CALL expire_pending(v_payment_id, v_order_id, v_word);
    SET p_expired = p_expired + (v_word = 'EXPIRED'),
        v_failed  = v_failed + (v_word = 'FAILED');
    SET v_done = FALSE;  -- a "not found" inside the call is not the cursor's
    FETCH c_pending INTO v_payment_id, v_order_id;
  END WHILE;
  CLOSE c_pending;
  IF v_failed > 0 THEN
    CALL raise_error('NOT_ALL_EXPIRED', v_failed);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `record_failed_purchase`(
  IN  p_user_id        BIGINT UNSIGNED,
  IN  p_course_id      BIGINT UNSIGNED,
  IN  p_payment_method VARCHAR(50),
  IN  p_transaction_id VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin,
  IN  p_amount         DECIMAL(10,2),
  IN  p_errno          INT,
  OUT p_receipt        JSON
)
    MODIFIES SQL DATA
    COMMENT 'Records that a purchase failed on a database error'
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_deleted_at DATETIME(6);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT record_failed_purchase; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL begin_or_join(v_joined);
  SAVEPOINT record_failed_purchase;
  CALL lock_user(p_user_id, v_deleted_at);
  CALL claim_receipt('process_course_purchase', p_transaction_id,
                     CONCAT_WS('|', p_user_id, p_course_id, p_payment_method), p_receipt);
  IF p_receipt IS NULL THEN
    BEGIN
      DECLARE EXIT HANDLER FOR 1062 CALL raise_error('KEY_REUSED', p_transaction_id);
      INSERT INTO payments (user_id, amount, payment_method, status, transaction_id)
      VALUES (p_user_id, p_amount, p_payment_method, 'failed', p_transaction_id);
    END;
    INSERT INTO payment_events (payment_id, event_type, event_data)
    VALUES (LAST_INSERT_ID(), 'failed', JSON_OBJECT('course_id', p_course_id, 'amount', p_amount, 'errno', p_errno));
    SET p_receipt = JSON_OBJECT('status', 'FAILED');
    UPDATE receipts SET outcome = p_receipt
     WHERE operation = 'process_course_purchase' AND receipt_key = p_transaction_id;
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT record_failed_purchase; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `record_failed_renewal`(IN p_subscription_id BIGINT UNSIGNED, IN p_on DATE)
    MODIFIES SQL DATA
    COMMENT 'Records that a renewal failed on a database error'
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_period_end DATE;
  DECLARE v_next_end   DATE;
  DECLARE v_price      DECIMAL(10,2);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT record_failed_renewal; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL begin_or_join(v_joined);
  SAVEPOINT record_failed_renewal;
  SELECT subscription.current_period_end, plan.price,
         next_period_end(subscription.current_period_end, plan.months, DAY(subscription.start_date))
    INTO v_period_end, v_price, v_next_end
    FROM subscriptions subscription
    STRAIGHT_JOIN subscription_plans plan USING (plan_type)
   WHERE subscription.subscription_id = p_subscription_id
     AND subscription.status IN ('active', 'past_due') AND subscription.next_billing_date <= p_on
     FOR UPDATE OF subscription FOR SHARE OF plan;
  IF v_period_end IS NOT NULL THEN
    UPDATE subscriptions SET status = 'past_due' WHERE subscription_id = p_subscription_id;
    INSERT INTO subscription_payments (subscription_id, amount, billing_period_start, billing_period_end, status)
    VALUES (p_subscription_id, v_price, v_period_end, v_next_end, 'failed') AS fresh
        ON DUPLICATE KEY UPDATE retry_count = retry_count + 1, amount = fresh.amount;
  END IF;
  IF v_joined THEN RELEASE SAVEPOINT record_failed_renewal; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `record_progress`(IN p_student_id BIGINT, IN p_updates LONGTEXT)
    MODIFIES SQL DATA
    COMMENT 'Stores a batch of what a student has done'
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_deleted_at DATETIME(6);
  DECLARE v_updates    JSON;
  DECLARE v_lessons    JSON;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT record_progress; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_student_id', p_student_id);
  CALL refuse_bad_progress(p_updates);
  SET v_updates = p_updates;

  CALL begin_or_join(v_joined);
  SAVEPOINT record_progress;
  CALL lock_user(p_student_id, v_deleted_at);
  IF v_deleted_at IS NOT NULL THEN
    CALL raise_error('USER_DELETED', p_student_id);
  END IF;
  CALL refuse_foreign_progress(p_student_id, v_updates, v_lessons);

  INSERT INTO section_progress (student_id, section_id, completed, completed_at, time_spent_minutes)
  SELECT * FROM (
    SELECT p_student_id AS student_id, section_id, completed, IF(completed, UTC_TIMESTAMP(6), NULL) AS completed_at, minutes
      FROM JSON_TABLE(v_updates, '$[*]' COLUMNS (
             section_id BIGINT UNSIGNED PATH '$.section_id',
             minutes    INT UNSIGNED    PATH '$.time_spent_minutes' DEFAULT '0' ON EMPTY,
             completed  BOOLEAN         PATH '$.completed'          DEFAULT 'false' ON EMPTY)) entry
     WHERE section_id IS NOT NULL
  ) fresh
      ON DUPLICATE KEY UPDATE
         time_spent_minutes = section_progress.time_spent_minutes + fresh.minutes,
         completed_at       = COALESCE(section_progress.completed_at, fresh.completed_at),
         completed          = section_progress.completed OR fresh.completed;

  INSERT INTO lesson_progress (student_id, lesson_id, completed, completed_at, time_spent_minutes)
  SELECT * FROM (
    SELECT p_student_id AS student_id, lesson_id, completed, IF(completed, UTC_TIMESTAMP(6), NULL) AS completed_at, minutes
      FROM (SELECT COALESCE(entry.lesson_id, section.lesson_id) AS lesson_id,
                   SUM(entry.minutes) AS minutes,
                   MAX(entry.lesson_id IS NOT NULL AND entry.completed) AS completed
              FROM JSON_TABLE(v_updates, '$[*]' COLUMNS (
                     lesson_id  BIGINT UNSIGNED PATH '$.lesson_id',
                     section_id BIGINT UNSIGNED PATH '$.section_id',
                     minutes    INT UNSIGNED    PATH '$.time_spent_minutes' DEFAULT '0' ON EMPTY,
                     completed  BOOLEAN         PATH '$.completed'          DEFAULT 'false' ON EMPTY)) entry
              LEFT JOIN lesson_sections section ON section.section_id = entry.section_id
             GROUP BY 1) touched
  ) fresh
      ON DUPLICATE KEY UPDATE
         time_spent_minutes = lesson_progress.time_spent_minutes + fresh.minutes,
         completed_at       = COALESCE(lesson_progress.completed_at, fresh.completed_at),
         completed          = lesson_progress.completed OR fresh.completed;

  CALL complete_lessons(p_student_id, v_lessons);
  CALL advance_enrollments(p_student_id, v_lessons);
  IF v_joined THEN RELEASE SAVEPOINT record_progress; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `redeem_hold`(
  IN  p_student_id    BIGINT UNSIGNED,
  IN  p_course_id     BIGINT UNSIGNED,
  OUT p_enrollment_id BIGINT UNSIGNED
)
    MODIFIES SQL DATA
    COMMENT 'Turns a held seat into an enrollment'
redemption: BEGIN
  DECLARE v_status     VARCHAR(20);
  DECLARE v_deleted_at DATETIME(6);

  SELECT deleted_at INTO v_deleted_at FROM users WHERE user_id = p_student_id FOR UPDATE;
  SELECT status INTO v_status FROM courses WHERE course_id = p_course_id FOR SHARE;
  DELETE FROM seat_holds WHERE student_id = p_student_id AND course_id = p_course_id;
  IF ROW_COUNT() = 0 OR v_status <> 'active' OR v_deleted_at IS NOT NULL THEN
    LEAVE redemption;
  END IF;
  CALL add_enrollment(p_student_id, p_course_id, NULL, p_enrollment_id);
  DELETE item FROM carts cart STRAIGHT_JOIN cart_items item USING (cart_id)
   WHERE cart.user_id = p_student_id AND item.course_id = p_course_id;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `refresh_star`(IN p_day DATE)
    MODIFIES SQL DATA
    COMMENT 'Builds the facts of a UTC day anew'
BEGIN
  CALL require_date('p_day', p_day);
  CALL refuse_in_transaction('refresh_star');

  BEGIN  -- its handler must not see the refusals: there the transaction is the caller's
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
      ROLLBACK;
      RESIGNAL;
    END;

    CALL begin_owned();
    INSERT INTO dim_date (date_key) VALUES (p_day)
        ON DUPLICATE KEY UPDATE refreshed_at = UTC_TIMESTAMP(6);
    CALL build_facts(p_day);
    COMMIT;
  END;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `refund_payment`(IN p_payment_id BIGINT, IN p_reason LONGTEXT, OUT p_result VARCHAR(100))
    MODIFIES SQL DATA
    COMMENT 'Gives money back for which there is no enrollment to end'
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_user_id    BIGINT UNSIGNED;
  DECLARE v_deleted_at DATETIME(6);
  DECLARE v_charge_id  BIGINT UNSIGNED;
  DECLARE v_status     VARCHAR(20);
  DECLARE v_amount     DECIMAL(10,2);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT refund_payment; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_payment_id', p_payment_id);
  CALL refuse_long('p_reason', p_reason, 500);

  CALL begin_or_join(v_joined);
  SAVEPOINT refund_payment;
  SELECT user_id INTO v_user_id FROM payments WHERE payment_id = p_payment_id;
  IF v_user_id IS NOT NULL THEN
    CALL lock_user(v_user_id, v_deleted_at);
  END IF;
  SELECT payment_id, status, amount INTO v_charge_id, v_status, v_amount
    FROM payments WHERE payment_id = p_payment_id AND kind = 'charge' FOR UPDATE;
  IF v_status = 'failed' THEN
    SELECT payment_id, status, amount INTO v_charge_id, v_status, v_amount
      FROM payments WHERE answers = p_payment_id ORDER BY status = 'refunded', payment_id LIMIT 1 FOR UPDATE;
  END IF;

  IF v_charge_id IS NULL THEN
    SELECT status INTO v_status FROM payments_history WHERE payment_id = p_payment_id AND kind = 'charge' FOR SHARE;
  END IF;

  IF v_status = 'refunded' THEN
    SET p_result = 'ERROR: Already refunded';
  ELSEIF v_charge_id IS NULL OR v_status <> 'completed' THEN
    SET p_result = 'ERROR: No completed payment found';
  ELSEIF pays_for_enrollment(v_charge_id) THEN
    CALL raise_error('ENROLLMENT_PAID_FOR', v_charge_id);
  ELSE
    CALL give_back(v_charge_id);
    UPDATE payments SET reason = p_reason WHERE refund_of = v_charge_id;
    SET p_result = CONCAT('SUCCESS: Refunded $', v_amount);
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT refund_payment; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `refuse_bad_progress`(IN p_updates LONGTEXT)
    READS SQL DATA
    COMMENT 'Refuses a progress batch whose form is wrong'
BEGIN
  DECLARE v_sections INT;
  DECLARE v_lessons  INT;

  IF p_updates IS NULL THEN
    CALL raise_error('MISSING_ARGUMENT', 'p_updates');
  END IF;
  IF NOT JSON_VALID(p_updates) THEN
    CALL raise_error('BAD_PROGRESS', 'not JSON');
  END IF;
  IF JSON_TYPE(p_updates) <> 'ARRAY' THEN
    CALL raise_error('BAD_PROGRESS', 'not a JSON array');
  END IF;
  IF JSON_LENGTH(p_updates) > policy_value('progress_batch_limit') THEN
    CALL raise_error('BAD_PROGRESS', 'more entries than policy allows');
  END IF;
  IF NOT JSON_SCHEMA_VALID('{
    "items": {
      "type": "object",
      "oneOf": [{"required": ["section_id"]}, {"required": ["lesson_id"]}],
      "additionalProperties": false,
      "properties": {
        "section_id":         {"type": "integer", "minimum": 1},
        "lesson_id":          {"type": "integer", "minimum": 1},
        "time_spent_minutes": {"type": "integer", "minimum": 0, "maximum": 100000},
        "completed":          {"type": "boolean"}
      }
    }
  }', p_updates) THEN
    CALL raise_error('BAD_PROGRESS', 'an entry has the wrong form');
  END IF;

  SELECT COUNT(DISTINCT section_id), COUNT(DISTINCT lesson_id) INTO v_sections, v_lessons
    FROM JSON_TABLE(p_updates, '$[*]' COLUMNS (
           section_id BIGINT UNSIGNED PATH '$.section_id' ERROR ON ERROR,
           lesson_id  BIGINT UNSIGNED PATH '$.lesson_id'  ERROR ON ERROR)) entry;
  IF v_sections + v_lessons < JSON_LENGTH(p_updates) THEN
    CALL raise_error('BAD_PROGRESS', 'an id stands twice');
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `refuse_bad_refund`(
  IN p_refund_of BIGINT UNSIGNED,
  IN p_user_id   BIGINT UNSIGNED,
  IN p_currency  CHAR(3) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_amount    DECIMAL(10,2)
)
    READS SQL DATA
    COMMENT 'Refuses a refund that does not match its charge'
BEGIN
  DECLARE v_matches BOOLEAN;

  SELECT COUNT(*) INTO v_matches FROM payments
   WHERE payment_id = p_refund_of AND kind = 'charge' AND status IN ('completed', 'refunded')
     AND user_id = p_user_id AND currency = p_currency AND amount = -p_amount
     FOR SHARE;
  IF NOT v_matches THEN
    CALL raise_error('BAD_REFUND', p_refund_of);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `refuse_bad_search`(
  IN p_min_price DECIMAL(65,2),
  IN p_max_price DECIMAL(65,2),
  IN p_after     LONGTEXT,
  IN p_limit     BIGINT
)
    READS SQL DATA
    COMMENT 'Refuses arguments of search_courses that cannot be'
BEGIN
  DECLARE v_most INT;

  CALL require_argument('p_limit', p_limit);
  SELECT value INTO v_most FROM policies WHERE name = 'search_page_limit';
  IF p_limit NOT BETWEEN 1 AND v_most THEN
    CALL raise_error('BAD_SEARCH', CONCAT('a page of ', p_limit, ' rows'));
  END IF;
  IF p_min_price < 0 OR p_max_price < 0 THEN
    CALL raise_error('BAD_SEARCH', 'a price below 0');
  END IF;
  IF p_min_price > 99999999.99 OR p_max_price > 99999999.99 THEN
    CALL raise_error('BAD_SEARCH', 'a price above 99999999.99');
  END IF;
  IF NOT JSON_VALID(p_after) THEN
    CALL raise_error('BAD_SEARCH', 'p_after is not JSON');
  END IF;
  IF NOT JSON_SCHEMA_VALID('{
    "type": "object",
    "required": ["total_enrollments", "course_id"],
    "additionalProperties": false,
    "properties": {
      "total_enrollments": {"type": "integer", "minimum": 0, "maximum": 2147483647},
      "course_id":         {"type": "integer", "minimum": 0, "maximum": 9223372036854775807}
    }
  }', p_after) THEN
    CALL raise_error('BAD_SEARCH', 'p_after is no page_key');
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `refuse_deleted_user`(IN p_user_id BIGINT UNSIGNED)
    READS SQL DATA
    COMMENT 'Refuses who is deleted'
BEGIN
  DECLARE v_deleted_at DATETIME(6);

  SELECT deleted_at INTO v_deleted_at FROM users WHERE user_id = p_user_id FOR SHARE;
  IF v_deleted_at IS NOT NULL THEN
    CALL raise_error('USER_DELETED', p_user_id);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `refuse_foreign_progress`(IN p_student_id BIGINT UNSIGNED, IN p_updates JSON, OUT p_lessons JSON)
    READS SQL DATA
    COMMENT 'Refuses a progress batch on what the student is not enrolled in'
BEGIN
  DECLARE v_error   VARCHAR(40);
  DECLARE v_subject VARCHAR(40);

  WITH entries AS (
    SELECT place, COALESCE(entry.lesson_id, section.lesson_id) AS lesson_id,
           IF(entry.lesson_id IS NULL, CONCAT('section ', entry.section_id), CONCAT('lesson ', entry.lesson_id)) AS subject,
           entry.lesson_id IS NOT NULL AND entry.completed AS completes_lesson
      FROM JSON_TABLE(p_updates, '$[*]' COLUMNS (
             place      FOR ORDINALITY,
             lesson_id  BIGINT UNSIGNED PATH '$.lesson_id',
             section_id BIGINT UNSIGNED PATH '$.section_id',
             completed  BOOLEAN         PATH '$.completed' DEFAULT 'false' ON EMPTY)) entry
      LEFT JOIN lesson_sections section ON section.section_id = entry.section_id
       FOR SHARE OF section
  )
  SELECT CASE WHEN lesson.lesson_id IS NOT NULL AND enrollment.enrollment_id IS NULL THEN 'NOT_ENROLLED' ELSE 'BAD_PROGRESS' END,
         CASE WHEN lesson.lesson_id IS NULL THEN CONCAT('there is no ', subject)
              WHEN enrollment.enrollment_id IS NULL THEN subject
              ELSE CONCAT(subject, ' is completed by its sections') END
    INTO v_error, v_subject
    FROM entries
    LEFT JOIN lessons lesson ON lesson.lesson_id = entries.lesson_id
    LEFT JOIN enrollments enrollment
      ON enrollment.student_id = p_student_id AND enrollment.course_id = lesson.course_id AND enrollment.in_force = 1
   WHERE lesson.lesson_id IS NULL
      OR enrollment.enrollment_id IS NULL
      OR (completes_lesson AND EXISTS (SELECT 1 FROM lesson_sections WHERE lesson_id = lesson.lesson_id FOR SHARE))
   ORDER BY place LIMIT 1 FOR SHARE OF lesson, enrollment;
  IF v_error IS NOT NULL THEN
    CALL raise_error(v_error, v_subject);
  END IF;

  SELECT COALESCE(JSON_ARRAYAGG(lesson_id), JSON_ARRAY()) INTO p_lessons
    FROM (SELECT DISTINCT COALESCE(entry.lesson_id, section.lesson_id) AS lesson_id
            FROM JSON_TABLE(p_updates, '$[*]' COLUMNS (
                   lesson_id  BIGINT UNSIGNED PATH '$.lesson_id',
                   section_id BIGINT UNSIGNED PATH '$.section_id')) entry
            LEFT JOIN lesson_sections section ON section.section_id = entry.section_id
             FOR SHARE OF section) touched;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `refuse_in_transaction`(IN p_procedure VARCHAR(64))
    READS SQL DATA
    COMMENT 'Refuses to go on inside a transaction'
BEGIN
  DECLARE v_open BOOLEAN DEFAULT TRUE;

  CALL undo_leftover();
  BEGIN
    DECLARE EXIT HANDLER FOR 1305 SET v_open = FALSE;
    SAVEPOINT refuse_in_transaction;
    ROLLBACK TO SAVEPOINT refuse_in_transaction;
    RELEASE SAVEPOINT refuse_in_transaction;
  END;
  IF v_open THEN
    CALL raise_error('IN_TRANSACTION', p_procedure);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `refuse_long`(IN p_name VARCHAR(64), IN p_value LONGTEXT, IN p_most INT)
    READS SQL DATA
    COMMENT 'Refuses a text that is too long to be kept whole'
BEGIN
  IF CHAR_LENGTH(p_value) > p_most THEN
    CALL raise_error('TOO_LONG', CONCAT(p_name, ': more than ', p_most));
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `refuse_prerequisite_cycle`(
  IN p_course_id                  BIGINT UNSIGNED,
  IN p_prerequisite_course_id     BIGINT UNSIGNED,
  IN p_old_course_id              BIGINT UNSIGNED,
  IN p_old_prerequisite_course_id BIGINT UNSIGNED
)
    READS SQL DATA
    COMMENT 'Refuses a prerequisite that would close a cycle'
BEGIN
  DECLARE v_mutex VARCHAR(64);
  DECLARE v_cycle BOOLEAN;

  SELECT name INTO v_mutex FROM mutexes WHERE name = 'course_prerequisites' FOR UPDATE;
  WITH RECURSIVE required (course_id) AS (
    SELECT p_prerequisite_course_id
    UNION
    SELECT link.prerequisite_course_id
      FROM required JOIN course_prerequisites link ON link.course_id = required.course_id
     WHERE NOT (link.course_id <=> p_old_course_id AND link.prerequisite_course_id <=> p_old_prerequisite_course_id)
       FOR SHARE OF link
  )
  SELECT COUNT(*) > 0 INTO v_cycle FROM required WHERE course_id = p_course_id;
  IF v_cycle THEN
    CALL raise_error('PREREQUISITE_CYCLE', p_course_id);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `release_order`(IN p_order_id BIGINT UNSIGNED, IN p_status VARCHAR(20), IN p_reason VARCHAR(500))
    MODIFIES SQL DATA
    COMMENT 'Ends a pending order without money'
BEGIN
  UPDATE orders SET status = p_status, failure_reason = p_reason WHERE order_id = p_order_id;
  DELETE FROM seat_holds WHERE order_id = p_order_id ORDER BY course_id;
  DELETE FROM promotion_uses WHERE order_id = p_order_id;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `release_purchase`(IN p_payment_id BIGINT UNSIGNED, IN p_reason VARCHAR(500))
    MODIFIES SQL DATA
    COMMENT 'Fails a pending payment and gives up its seat'
BEGIN
  UPDATE payments SET status = 'failed', reason = p_reason WHERE payment_id = p_payment_id;
  INSERT INTO payment_events (payment_id, event_type) VALUES (p_payment_id, 'failed');
  DELETE FROM seat_holds WHERE payment_id = p_payment_id;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `renew_due_subscriptions`(IN p_on DATE, OUT p_renewed INT, OUT p_failed INT)
    MODIFIES SQL DATA
    COMMENT 'Renews every subscription due on or before a day'
BEGIN
  DECLARE v_id      BIGINT UNSIGNED;
  DECLARE v_done    BOOLEAN DEFAULT FALSE;
  DECLARE v_outcome VARCHAR(10);
  DECLARE c_due CURSOR FOR
    SELECT subscription_id FROM subscriptions
     WHERE status IN ('active', 'past_due') AND next_billing_date <= p_on ORDER BY subscription_id;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

  CALL require_date('p_on', p_on);
  CALL refuse_in_transaction('renew_due_subscriptions');
  SET p_renewed = 0, p_failed = 0;

  OPEN c_due;
  FETCH c_due INTO v_id;
  WHILE NOT v_done DO
    REPEAT
      CALL renew_next_period(v_id, p_on, v_outcome);
      SET p_renewed = p_renewed + (v_outcome = 'RENEWED'),
          p_failed  = p_failed + (v_outcome = 'FAILED');
    UNTIL v_outcome <> 'RENEWED' END REPEAT;
    SET v_done = FALSE;  -- a "not found" inside the call is not the cursor's
    FETCH c_due INTO v_id;
  END WHILE;
  CLOSE c_due;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `renew_next_period`(IN p_subscription_id BIGINT UNSIGNED, IN p_on DATE, OUT p_outcome VARCHAR(10))
    MODIFIES SQL DATA
    COMMENT 'One step of renew_due_subscriptions'
BEGIN
  DECLARE v_ends       BOOLEAN;
  DECLARE v_period_end DATE;
  DECLARE v_errno      INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    GET STACKED DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
    ROLLBACK;
    SET p_outcome = 'FAILED';
    IF v_errno NOT IN (1205, 1213) THEN
      BEGIN
        DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;  -- the batch goes on with the next one
        CALL record_failed_renewal(p_subscription_id, p_on);
      END;
    END IF;
  END;

  CALL begin_owned();
  SELECT cancel_at_period_end, current_period_end INTO v_ends, v_period_end
    FROM subscriptions
   WHERE subscription_id = p_subscription_id AND status IN ('active', 'past_due') AND next_billing_date <= p_on
     FOR UPDATE SKIP LOCKED;
  IF v_ends IS NULL OR (v_ends AND v_period_end > p_on) THEN
    SET p_outcome = 'NOTHING';
  ELSEIF v_ends THEN
    UPDATE subscriptions SET status = 'cancelled' WHERE subscription_id = p_subscription_id;
    SET p_outcome = 'CANCELLED';
  ELSE
    CALL pay_next_period(p_subscription_id, p_on);
    SET p_outcome = 'RENEWED';
  END IF;
  COMMIT;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `renew_subscription`(IN p_subscription_id BIGINT)
    MODIFIES SQL DATA
    COMMENT 'Renews a subscription that is due'
BEGIN
  DECLARE v_joined BOOLEAN;
  DECLARE v_errno  INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    GET STACKED DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT renew_subscription; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    IF v_errno NOT IN (1205, 1213) AND v_errno NOT BETWEEN 30000 AND 32767 THEN
      BEGIN
        DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;  -- the first error is the one to tell
        CALL record_failed_renewal(p_subscription_id, UTC_DATE());
      END;
    END IF;
    RESIGNAL;
  END;

  CALL require_id('p_subscription_id', p_subscription_id);

  CALL begin_or_join(v_joined);
  SAVEPOINT renew_subscription;
  CALL pay_next_period(p_subscription_id, UTC_DATE());
  IF v_joined THEN RELEASE SAVEPOINT renew_subscription; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `require_argument`(IN p_name VARCHAR(64), IN p_value LONGTEXT)
    READS SQL DATA
    COMMENT 'Refuses an argument that is NULL or empty'
BEGIN
  IF COALESCE(TRIM(p_value), '') = '' THEN
    CALL raise_error('MISSING_ARGUMENT', p_name);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `require_date`(IN p_name VARCHAR(64), IN p_value TEXT)
    READS SQL DATA
    COMMENT 'Refuses a day that is missing or in no calendar'
BEGIN
  CALL require_argument(p_name, p_value);
  IF COALESCE(YEAR(CAST(p_value AS DATE)), 0) NOT BETWEEN 1000 AND 9998 THEN
    CALL raise_error('BAD_DATE', CONCAT(p_name, ' ', p_value));
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `require_id`(IN p_name VARCHAR(64), IN p_value BIGINT)
    READS SQL DATA
    COMMENT 'Refuses an id that is missing or below 0'
BEGIN
  IF p_value IS NULL THEN
    CALL raise_error('MISSING_ARGUMENT', p_name);
  ELSEIF p_value < 0 THEN
    CALL raise_error('OUT_OF_RANGE', CONCAT(p_name, ' ', p_value));
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `require_key`(IN p_name VARCHAR(64), IN p_value LONGTEXT, IN p_most INT)
    READS SQL DATA
    COMMENT 'Refuses a key that is missing, too long or not ASCII'
BEGIN
  CALL require_argument(p_name, p_value);
  CALL refuse_long(p_name, p_value, p_most);
  IF LENGTH(p_value) > CHAR_LENGTH(p_value) THEN
    CALL raise_error('NOT_ASCII', p_name);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `resize_flash_sale`(IN p_sale_id BIGINT UNSIGNED, IN p_course_id BIGINT UNSIGNED, IN p_more BIGINT)
    MODIFIES SQL DATA
    COMMENT 'Adds seats to a sale or takes unsold ones back'
BEGIN
  DECLARE v_state VARCHAR(10);

  SELECT state INTO v_state FROM flash_sale_terms WHERE sale_id = p_sale_id FOR UPDATE;
  IF p_more > 0 THEN
    CALL add_sale_stock(p_sale_id, p_more);
  ELSE
    CALL take_sale_stock(p_sale_id, -p_more);
  END IF;
  IF v_state = 'open' THEN
    CALL set_seats_aside(p_course_id, p_more);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `score_order`(IN p_order_id BIGINT UNSIGNED, IN p_user_id BIGINT UNSIGNED)
    MODIFIES SQL DATA
    COMMENT 'Scores an order as one purchase and writes the alerts'
BEGIN
  DECLARE v_total        DECIMAL(12,2);
  DECLARE v_fraud_score  INT;
  DECLARE v_should_block BOOLEAN;
  DECLARE v_first_alert  BIGINT UNSIGNED;

  SELECT total INTO v_total FROM orders WHERE order_id = p_order_id FOR UPDATE;
  CALL score_purchase(p_user_id, v_total, v_fraud_score, v_should_block, v_first_alert);
  IF v_first_alert IS NOT NULL THEN
    UPDATE fraud_alerts SET alert_data = JSON_SET(alert_data, '$.order_id', p_order_id)
     WHERE user_id = p_user_id AND alert_id >= v_first_alert;
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `score_purchase`(
  IN  p_user_id        BIGINT UNSIGNED,
  IN  p_amount         DECIMAL(12,2),
  OUT p_fraud_score    INT,
  OUT p_should_block   BOOLEAN,
  OUT p_first_alert_id BIGINT UNSIGNED
)
    MODIFIES SQL DATA
    COMMENT 'Scores a purchase and writes the alerts'
BEGIN
  DECLARE v_payments INT;
  DECLARE v_spent    DECIMAL(14,2);
  DECLARE v_average  DECIMAL(14,6);

  CALL sum_payments(p_user_id, v_payments, v_spent, v_average);
  INSERT INTO fraud_alerts (user_id, rule_id, alert_level, alert_data)
  SELECT p_user_id, rule_id,
         CASE WHEN action = 'block' OR score >= 100 THEN 'critical'
              WHEN score >= 50 THEN 'high'
              WHEN score >= 30 THEN 'medium'
              ELSE 'low' END,
         JSON_OBJECT('metric', metric, 'value', value, 'over', over_limit, 'score', score, 'amount', p_amount)
    FROM (SELECT rule_id, action,
                 JSON_VALUE(rule_condition, '$.metric') AS metric,
                 JSON_VALUE(rule_condition, '$.over'  RETURNING DECIMAL(20,6)) AS over_limit,
                 JSON_VALUE(rule_condition, '$.score' RETURNING SIGNED) AS score,
                 CASE JSON_VALUE(rule_condition, '$.metric')
                   WHEN 'payments_24h'  THEN v_payments
                   WHEN 'spent_24h'     THEN v_spent
                   WHEN 'amount'        THEN p_amount
                   WHEN 'times_average' THEN p_amount / v_average
                 END AS value
            FROM fraud_detection_rules) rule
   WHERE value > over_limit;
  IF ROW_COUNT() = 0 THEN
    SET p_fraud_score = 0, p_should_block = FALSE, p_first_alert_id = NULL;
  ELSE
    SET p_first_alert_id = LAST_INSERT_ID();
    SELECT SUM(JSON_VALUE(alert.alert_data, '$.score' RETURNING SIGNED)), MAX(rule.action = 'block')
      INTO p_fraud_score, p_should_block
      FROM fraud_alerts alert JOIN fraud_detection_rules rule USING (rule_id)
     WHERE alert.user_id = p_user_id AND alert.alert_id >= p_first_alert_id
       FOR SHARE OF rule;
    SET p_should_block = p_should_block OR p_fraud_score >= policy_value('fraud_block_score');
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `search_by_category`(
  IN p_path        VARCHAR(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
  IN p_min_price   DECIMAL(10,2),
  IN p_max_price   DECIMAL(10,2),
  IN p_enrollments INT,
  IN p_course_id   BIGINT UNSIGNED,
  IN p_limit       INT
)
    READS SQL DATA
    COMMENT 'Search by category'
BEGIN
  SELECT course.course_id, course.title, course.price, course.level, course.instructor_id, instructor.name AS instructor_name,
         course.total_enrollments, course.avg_rating, course.review_count,
         JSON_OBJECT('total_enrollments', course.total_enrollments, 'course_id', course.course_id) AS page_key
    FROM (SELECT DISTINCT course_id
            FROM categories JOIN course_categories USING (category_id)
           WHERE path LIKE CONCAT(p_path, '%')) listed
    JOIN courses course ON course.course_id = listed.course_id
    JOIN users instructor ON instructor.user_id = course.instructor_id
   WHERE course.status = 'active'
     AND course.price BETWEEN p_min_price AND p_max_price
     AND course.total_enrollments <= p_enrollments
     AND (course.total_enrollments < p_enrollments OR course.course_id < p_course_id)
   ORDER BY course.total_enrollments DESC, course.course_id DESC
   LIMIT p_limit;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `search_by_rank`(
  IN p_min_price   DECIMAL(10,2),
  IN p_max_price   DECIMAL(10,2),
  IN p_enrollments INT,
  IN p_course_id   BIGINT UNSIGNED,
  IN p_limit       INT
)
    READS SQL DATA
    COMMENT 'Search by rank alone'
BEGIN
  SELECT course.course_id, course.title, course.price, course.level, course.instructor_id, instructor.name AS instructor_name,
         course.total_enrollments, course.avg_rating, course.review_count,
         JSON_OBJECT('total_enrollments', course.total_enrollments, 'course_id', course.course_id) AS page_key
    FROM courses course FORCE INDEX (top_courses_first)
    JOIN users instructor ON instructor.user_id = course.instructor_id
   WHERE course.status = 'active'
     AND course.price BETWEEN p_min_price AND p_max_price
     AND course.total_enrollments <= p_enrollments
     AND (course.total_enrollments < p_enrollments OR course.course_id < p_course_id)
   ORDER BY course.total_enrollments DESC, course.course_id DESC
   LIMIT p_limit;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `search_by_words`(
  IN p_text        VARCHAR(200),
  IN p_path        VARCHAR(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
  IN p_min_price   DECIMAL(10,2),
  IN p_max_price   DECIMAL(10,2),
  IN p_enrollments INT,
  IN p_course_id   BIGINT UNSIGNED,
  IN p_limit       INT
)
    READS SQL DATA
    COMMENT 'Search by words'
BEGIN
  SELECT course.course_id, course.title, course.price, course.level, course.instructor_id, instructor.name AS instructor_name,
         course.total_enrollments, course.avg_rating, course.review_count,
         JSON_OBJECT('total_enrollments', course.total_enrollments, 'course_id', course.course_id) AS page_key
    FROM courses course
    JOIN users instructor ON instructor.user_id = course.instructor_id
   WHERE MATCH (course.title, course.description) AGAINST (p_text)
     AND course.status = 'active'
     AND (p_path IS NULL
          OR EXISTS (SELECT 1 FROM course_categories JOIN categories USING (category_id)
                      WHERE course_id = course.course_id AND path LIKE CONCAT(p_path, '%')))
     AND course.price BETWEEN p_min_price AND p_max_price
     AND course.total_enrollments <= p_enrollments
     AND (course.total_enrollments < p_enrollments OR course.course_id < p_course_id)
   ORDER BY course.total_enrollments DESC, course.course_id DESC
   LIMIT p_limit;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `search_courses`(
  IN p_text        LONGTEXT,
  IN p_category_id BIGINT,
  IN p_min_price   DECIMAL(65,2),
  IN p_max_price   DECIMAL(65,2),
  IN p_after       LONGTEXT,
  IN p_limit       BIGINT
)
    READS SQL DATA
    COMMENT 'Finds active courses, page by page'
BEGIN
  DECLARE v_path        VARCHAR(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
  DECLARE v_text        LONGTEXT DEFAULT NULLIF(TRIM(p_text), '');
  DECLARE v_enrollments INT;
  DECLARE v_course_id   BIGINT UNSIGNED;
  DECLARE v_min_price   DECIMAL(65,2) DEFAULT COALESCE(p_min_price, 0);
  DECLARE v_max_price   DECIMAL(65,2) DEFAULT COALESCE(p_max_price, 99999999.99);

  CALL refuse_long('p_text', p_text, 200);
  CALL refuse_bad_search(p_min_price, p_max_price, p_after, p_limit);
  SET v_enrollments = COALESCE(JSON_VALUE(p_after, '$.total_enrollments' RETURNING SIGNED), 2147483647),
      v_course_id   = COALESCE(JSON_VALUE(p_after, '$.course_id' RETURNING UNSIGNED), 18446744073709551615);
  IF p_category_id IS NOT NULL THEN
    SELECT path INTO v_path FROM categories WHERE category_id = p_category_id;
    IF v_path IS NULL THEN
      CALL raise_error('NO_SUCH_CATEGORY', p_category_id);
    END IF;
  END IF;

  IF v_text IS NOT NULL THEN
    CALL search_by_words(v_text, v_path, v_min_price, v_max_price, v_enrollments, v_course_id, p_limit);
  ELSEIF v_path IS NOT NULL THEN
    CALL search_by_category(v_path, v_min_price, v_max_price, v_enrollments, v_course_id, p_limit);
  ELSE
    CALL search_by_rank(v_min_price, v_max_price, v_enrollments, v_course_id, p_limit);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `sell_course`(
  IN  p_user_id        BIGINT UNSIGNED,
  IN  p_course_id      BIGINT UNSIGNED,
  IN  p_payment_method VARCHAR(50),
  IN  p_transaction_id VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin,
  OUT p_enrollment_id  BIGINT UNSIGNED,
  OUT p_status         VARCHAR(50)
)
    MODIFIES SQL DATA
    COMMENT 'Sells a course inside the caller''s transaction'
sale: BEGIN
  DECLARE v_price        DECIMAL(10,2);
  DECLARE v_fraud_score  INT;
  DECLARE v_should_block BOOLEAN DEFAULT FALSE;
  DECLARE v_payment_id   BIGINT UNSIGNED;
  DECLARE v_first_alert  BIGINT UNSIGNED;

  CALL admit_student(p_user_id, p_course_id, p_status, v_price);
  IF p_status <> 'CAN_ENROLL' THEN
    LEAVE sale;
  END IF;
  IF v_price > 0 THEN
    CALL score_purchase(p_user_id, v_price, v_fraud_score, v_should_block, v_first_alert);
  END IF;
  IF v_should_block THEN
    SET p_status = IF(has_enrollment_now(p_user_id, p_course_id), 'ALREADY_ENROLLED', 'FRAUD_BLOCKED');
    LEAVE sale;
  END IF;
  CALL add_enrollment(p_user_id, p_course_id, NULL, p_enrollment_id);
  IF p_enrollment_id IS NULL THEN
    SET p_status = 'ALREADY_ENROLLED';
    LEAVE sale;
  END IF;

  IF v_price > 0 THEN
    CALL charge_for_enrollment(p_user_id, p_enrollment_id, v_price, p_payment_method, p_transaction_id, v_payment_id);
    IF v_first_alert IS NOT NULL THEN
      UPDATE fraud_alerts SET payment_id = v_payment_id WHERE user_id = p_user_id AND alert_id >= v_first_alert;
    END IF;
  END IF;
  SET p_status = 'SUCCESS';
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `set_seats_aside`(IN p_course_id BIGINT UNSIGNED, IN p_seats BIGINT)
    MODIFIES SQL DATA
    COMMENT 'Takes seats of a course off the market, or gives them back'
BEGIN
  DECLARE v_free BIGINT;

  SELECT CAST(seats AS SIGNED) - seats_taken INTO v_free FROM course_seats WHERE course_id = p_course_id FOR UPDATE;
  IF p_seats > 0 AND p_seats > v_free THEN
    CALL raise_error('SEATS_NOT_FREE', p_course_id);
  END IF;
  UPDATE course_seats SET seats_taken = seats_taken + p_seats WHERE course_id = p_course_id;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `settle_ended_sales`(IN p_course_id BIGINT UNSIGNED)
    MODIFIES SQL DATA
    COMMENT 'Settles the ended sales of a course'
BEGIN
  DECLARE v_sale_id BIGINT UNSIGNED;
  DECLARE v_done    BOOLEAN DEFAULT FALSE;
  DECLARE c_ended CURSOR FOR
    SELECT sale_id FROM flash_sale_terms
     WHERE course_id = p_course_id AND state = 'open' AND end_time < UTC_TIMESTAMP(6) FOR UPDATE;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

  OPEN c_ended;
  FETCH c_ended INTO v_sale_id;
  WHILE NOT v_done DO
    CALL settle_flash_sale(v_sale_id);
    SET v_done = FALSE;  -- a "not found" inside the call is not the cursor's
    FETCH c_ended INTO v_sale_id;
  END WHILE;
  CLOSE c_ended;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `settle_flash_sale`(IN p_sale_id BIGINT UNSIGNED)
    MODIFIES SQL DATA
    COMMENT 'Gives the unsold seats of an ended sale back, once'
BEGIN
  DECLARE v_course_id BIGINT UNSIGNED;
  DECLARE v_left      BIGINT;

  SELECT course_id INTO v_course_id FROM flash_sale_terms
   WHERE sale_id = p_sale_id AND state = 'open' AND end_time < UTC_TIMESTAMP(6) FOR UPDATE;
  IF v_course_id IS NOT NULL THEN
    UPDATE flash_sale_terms SET state = 'settled' WHERE sale_id = p_sale_id;
    SELECT SUM(seats_left) INTO v_left FROM flash_sale_stock WHERE sale_id = p_sale_id FOR SHARE;
    CALL set_seats_aside(v_course_id, -v_left);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `settle_order`(
  IN  p_order_id       BIGINT UNSIGNED,
  IN  p_user_id        BIGINT UNSIGNED,
  IN  p_enroll         BOOLEAN,
  IN  p_transaction_id VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin,
  OUT p_missed         INT
)
    MODIFIES SQL DATA
    COMMENT 'Enrolls a buyer in the courses of an order, books the charges'
BEGIN
  DECLARE v_course_id     BIGINT UNSIGNED;
  DECLARE v_amount        DECIMAL(10,2);
  DECLARE v_enrollment_id BIGINT UNSIGNED;
  DECLARE v_done          BOOLEAN DEFAULT FALSE;
  DECLARE c_items CURSOR FOR
    SELECT course_id, amount FROM order_items WHERE order_id = p_order_id ORDER BY course_id FOR SHARE;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

  SET p_missed = 0;
  OPEN c_items;
  FETCH c_items INTO v_course_id, v_amount;
  WHILE NOT v_done DO
    SET v_enrollment_id = NULL;
    IF p_enroll THEN
      CALL redeem_hold(p_user_id, v_course_id, v_enrollment_id);
    END IF;
    IF p_transaction_id IS NOT NULL AND v_amount > 0 THEN
      CALL charge_for_item(p_order_id, p_user_id, v_course_id, v_enrollment_id, v_amount,
                           CONCAT(p_transaction_id, '#', v_course_id));
    END IF;
    SET p_missed = p_missed + (v_enrollment_id IS NULL), v_done = FALSE;  -- "not found" inside is not the cursor's
    FETCH c_items INTO v_course_id, v_amount;
  END WHILE;
  CLOSE c_items;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `settle_purchase`(
  IN  p_payment_id     BIGINT UNSIGNED,
  IN  p_user_id        BIGINT UNSIGNED,
  IN  p_course_id      BIGINT UNSIGNED,
  IN  p_transaction_id VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin,
  OUT p_enrollment_id  BIGINT UNSIGNED
)
    MODIFIES SQL DATA
    COMMENT 'Completes a pending payment, enrolls its user'
BEGIN
  BEGIN
    DECLARE EXIT HANDLER FOR 1062 CALL raise_error('KEY_REUSED', p_transaction_id);
    UPDATE payments SET status = 'completed', transaction_id = p_transaction_id WHERE payment_id = p_payment_id;
  END;
  INSERT INTO payment_events (payment_id, event_type) VALUES (p_payment_id, 'payment_gateway_success');
  CALL redeem_hold(p_user_id, p_course_id, p_enrollment_id);
  IF p_enrollment_id IS NOT NULL THEN
    UPDATE payments SET enrollment_id = p_enrollment_id WHERE payment_id = p_payment_id;
    INSERT INTO payment_events (payment_id, event_type, event_data) VALUES
      (p_payment_id, 'enrollment_created',   JSON_OBJECT('enrollment_id', p_enrollment_id)),
      (p_payment_id, 'completion_confirmed', JSON_OBJECT('enrollment_id', p_enrollment_id));
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `settle_refunded_order`(IN p_order_id BIGINT UNSIGNED)
    MODIFIES SQL DATA
    COMMENT 'Makes a confirmed order refunded when no charge of it is left'
BEGIN
  DECLARE v_left     INT;
  DECLARE v_archived INT;

  SELECT COUNT(*) INTO v_left
    FROM payments WHERE order_id = p_order_id AND kind = 'charge' AND status = 'completed' FOR SHARE;
  SELECT COUNT(*) INTO v_archived
    FROM payments_history WHERE order_id = p_order_id AND kind = 'charge' AND status = 'completed' FOR SHARE;
  IF v_left + v_archived = 0 THEN
    UPDATE orders SET status = 'refunded' WHERE order_id = p_order_id AND status = 'confirmed';
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `soft_delete_user`(IN p_user_id BIGINT, IN p_reason LONGTEXT)
    MODIFIES SQL DATA
    COMMENT 'Closes a user''s account'
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_deleted_at DATETIME(6);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT soft_delete_user; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_user_id', p_user_id);
  CALL refuse_long('p_reason', p_reason, 500);

  CALL begin_or_join(v_joined);
  SAVEPOINT soft_delete_user;
  CALL lock_user(p_user_id, v_deleted_at);
  IF v_deleted_at IS NOT NULL THEN
    CALL raise_error('USER_DELETED', p_user_id);
  END IF;
  CALL close_account(p_user_id, p_reason);

  IF v_joined THEN RELEASE SAVEPOINT soft_delete_user; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `submit_quiz_attempt`(
  IN  p_student_id BIGINT,
  IN  p_quiz_id    BIGINT,
  IN  p_score      DECIMAL(65,2),
  OUT p_passed     BOOLEAN
)
    MODIFIES SQL DATA
    COMMENT 'Stores a try at a quiz and tells whether it passed'
BEGIN
  DECLARE v_joined        BOOLEAN;
  DECLARE v_deleted_at    DATETIME(6);
  DECLARE v_course_id     BIGINT UNSIGNED;
  DECLARE v_passing_score DECIMAL(6,2);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT submit_quiz_attempt; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_student_id', p_student_id);
  CALL require_id('p_quiz_id', p_quiz_id);
  CALL require_argument('p_score', p_score);
  IF p_score < 0 THEN
    CALL raise_error('BAD_SCORE', p_score);
  END IF;

  IF p_score > 9999.99 THEN
    CALL raise_error('OUT_OF_RANGE', CONCAT('p_score ', p_score));
  END IF;

  CALL begin_or_join(v_joined);
  SAVEPOINT submit_quiz_attempt;
  CALL lock_user(p_student_id, v_deleted_at);
  IF v_deleted_at IS NOT NULL THEN
    CALL raise_error('USER_DELETED', p_student_id);
  END IF;
  SELECT lesson.course_id, quiz.passing_score INTO v_course_id, v_passing_score
    FROM quizzes quiz JOIN lessons lesson ON lesson.lesson_id = quiz.lesson_id
   WHERE quiz.quiz_id = p_quiz_id FOR SHARE;
  IF v_course_id IS NULL THEN
    CALL raise_error('NO_SUCH_QUIZ', p_quiz_id);
  END IF;
  IF NOT has_enrollment_now(p_student_id, v_course_id) THEN
    CALL raise_error('NOT_ENROLLED', CONCAT('quiz ', p_quiz_id));
  END IF;

  INSERT INTO quiz_attempts (student_id, quiz_id, score) VALUES (p_student_id, p_quiz_id, p_score);
  SET p_passed = p_score >= v_passing_score;
  IF v_joined THEN RELEASE SAVEPOINT submit_quiz_attempt; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `subscribe`(
  IN  p_user_id         BIGINT,
  IN  p_plan_type       LONGTEXT,
  IN  p_idempotency_key LONGTEXT,
  OUT p_subscription_id BIGINT UNSIGNED,
  OUT p_status          VARCHAR(50)
)
    MODIFIES SQL DATA
    COMMENT 'Puts a user on a plan'
BEGIN
  DECLARE v_joined     BOOLEAN;
  DECLARE v_idempotency_key VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_deleted_at DATETIME(6);
  DECLARE v_receipt    JSON;
  DECLARE v_price      DECIMAL(10,2);
  DECLARE v_end        DATE;
  DECLARE v_standing   BIGINT UNSIGNED;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT subscribe; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_user_id', p_user_id);
  CALL require_argument('p_plan_type', p_plan_type);
  CALL require_key('p_idempotency_key', p_idempotency_key, 120);
  CALL refuse_long('p_plan_type', p_plan_type, 20);
  SET v_idempotency_key = p_idempotency_key;

  CALL begin_or_join(v_joined);
  SAVEPOINT subscribe;
  CALL lock_user(p_user_id, v_deleted_at);
  CALL claim_receipt('subscribe', v_idempotency_key, CONCAT_WS('|', p_user_id, p_plan_type), v_receipt);
  IF v_receipt IS NULL THEN
    IF v_deleted_at IS NOT NULL THEN
      CALL raise_error('USER_DELETED', p_user_id);
    END IF;
    SELECT price, next_period_end(UTC_DATE(), months, DAY(UTC_DATE())) INTO v_price, v_end
      FROM subscription_plans WHERE plan_type = p_plan_type FOR SHARE;
    IF v_price IS NULL THEN
      CALL raise_error('NO_SUCH_PLAN', p_plan_type);
    END IF;
    SELECT MIN(subscription_id) INTO v_standing
      FROM subscriptions WHERE user_id = p_user_id AND status IN ('active', 'past_due') FOR SHARE;
    IF v_standing IS NULL THEN
      INSERT INTO subscriptions (user_id, plan_type, start_date, current_period_end, next_billing_date)
      VALUES (p_user_id, p_plan_type, UTC_DATE(), v_end, v_end);
      SET p_subscription_id = LAST_INSERT_ID(), p_status = 'SUCCESS';
      INSERT INTO subscription_payments (subscription_id, amount, billing_period_start, billing_period_end, status)
      VALUES (p_subscription_id, v_price, UTC_DATE(), v_end, 'completed');
      UPDATE receipts SET outcome = JSON_OBJECT('status', p_status, 'subscription_id', p_subscription_id)
       WHERE operation = 'subscribe' AND receipt_key = v_idempotency_key;
    ELSE
      ROLLBACK TO SAVEPOINT subscribe;
      SET p_status = 'ALREADY_SUBSCRIBED';
    END IF;
  ELSE
    SET p_status          = JSON_VALUE(v_receipt, '$.status'),
        p_subscription_id = JSON_VALUE(v_receipt, '$.subscription_id' RETURNING UNSIGNED);
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT subscribe; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `sum_payments`(
  IN  p_user_id  BIGINT UNSIGNED,
  OUT p_payments INT,
  OUT p_spent    DECIMAL(14,2),
  OUT p_average  DECIMAL(14,6)
)
    READS SQL DATA
    COMMENT 'What the fraud rules ask of a user''s charges'
BEGIN
  DECLARE v_day_ago DATETIME(6) DEFAULT UTC_TIMESTAMP(6) - INTERVAL 24 HOUR;
  DECLARE v_seen    DATETIME(6);
  DECLARE v_changed DATETIME(6);
  DECLARE v_completed, v_old_completed INT;
  DECLARE v_sum, v_old_sum DECIMAL(14,2);

  SELECT changed_at INTO v_seen FROM payment_clocks WHERE user_id = p_user_id;
  SELECT changed_at INTO v_changed FROM payment_clocks WHERE user_id = p_user_id FOR UPDATE;
  IF v_seen <=> v_changed THEN
    SELECT COUNT(IF(status <> 'failed' AND created_at >= v_day_ago, 1, NULL)),
           COALESCE(SUM(IF(status <> 'failed' AND created_at >= v_day_ago, amount, 0)), 0),
           COUNT(IF(status = 'completed', 1, NULL)),
           COALESCE(SUM(IF(status = 'completed', amount, 0)), 0)
      INTO p_payments, p_spent, v_completed, v_sum
      FROM payments WHERE user_id = p_user_id AND kind = 'charge';
    SELECT COUNT(*), COALESCE(SUM(amount), 0) INTO v_old_completed, v_old_sum
      FROM payments_history WHERE user_id = p_user_id AND kind = 'charge' AND status = 'completed';
  ELSE
    SELECT COUNT(IF(status <> 'failed' AND created_at >= v_day_ago, 1, NULL)),
           COALESCE(SUM(IF(status <> 'failed' AND created_at >= v_day_ago, amount, 0)), 0),
           COUNT(IF(status = 'completed', 1, NULL)),
           COALESCE(SUM(IF(status = 'completed', amount, 0)), 0)
      INTO p_payments, p_spent, v_completed, v_sum
      FROM payments WHERE user_id = p_user_id AND kind = 'charge' FOR SHARE;
    SELECT COUNT(*), COALESCE(SUM(amount), 0) INTO v_old_completed, v_old_sum
      FROM payments_history WHERE user_id = p_user_id AND kind = 'charge' AND status = 'completed' FOR SHARE;
  END IF;
  SET p_average = (v_sum + v_old_sum) / NULLIF(v_completed + v_old_completed, 0);
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `summarize_daily_revenue`(IN p_day DATE)
    MODIFIES SQL DATA
    COMMENT 'Writes the figures of a UTC day'
BEGIN
  DECLARE v_joined        BOOLEAN;
  DECLARE v_next_day      DATE;
  DECLARE v_revenue       DECIMAL(14,2);
  DECLARE v_transactions  INT;
  DECLARE v_refunds       DECIMAL(14,2);
  DECLARE v_enrollments   INT;
  DECLARE v_subscriptions INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT summarize_daily_revenue; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_date('p_day', p_day);
  SET v_next_day = p_day + INTERVAL 1 DAY;

  CALL begin_or_join(v_joined);
  SAVEPOINT summarize_daily_revenue;
  SELECT COALESCE(SUM(IF(kind = 'charge', amount, 0)), 0),
         COUNT(IF(kind = 'charge', 1, NULL)),
         COALESCE(SUM(IF(kind = 'refund', -amount, 0)), 0)
    INTO v_revenue, v_transactions, v_refunds
    FROM (SELECT kind, amount FROM payments
           WHERE processed_at >= p_day AND processed_at < v_next_day AND status IN ('completed', 'refunded')
           UNION ALL
          SELECT kind, amount FROM payments_history
           WHERE processed_at >= p_day AND processed_at < v_next_day AND status IN ('completed', 'refunded')) payment;
  SELECT COUNT(*) INTO v_enrollments FROM enrollments WHERE enrolled_at >= p_day AND enrolled_at < v_next_day;
  SELECT COUNT(*) INTO v_subscriptions FROM subscriptions WHERE start_date = p_day;

  INSERT INTO daily_revenue_summary
         (summary_date, total_revenue, total_transactions, new_enrollments, new_subscriptions, refund_amount)
  VALUES (p_day, v_revenue, v_transactions, v_enrollments, v_subscriptions, v_refunds) AS fresh
      ON DUPLICATE KEY UPDATE
         total_revenue      = fresh.total_revenue,
         total_transactions = fresh.total_transactions,
         new_enrollments    = fresh.new_enrollments,
         new_subscriptions  = fresh.new_subscriptions,
         refund_amount      = fresh.refund_amount,
         updated_at         = UTC_TIMESTAMP(6);

  IF v_joined THEN RELEASE SAVEPOINT summarize_daily_revenue; ELSE COMMIT; END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `take_sale_stock`(IN p_sale_id BIGINT UNSIGNED, IN p_seats INT UNSIGNED)
    MODIFIES SQL DATA
    COMMENT 'Takes unsold seats out of a sale'
BEGIN
  DECLARE v_left BIGINT UNSIGNED;

  SELECT SUM(seats_left) INTO v_left FROM flash_sale_stock WHERE sale_id = p_sale_id FOR UPDATE;
  IF v_left < p_seats THEN
    CALL raise_error('SEATS_ALREADY_SOLD', p_sale_id);
  END IF;

  UPDATE flash_sale_stock stock
    JOIN (SELECT slot, COALESCE(SUM(seats_left) OVER (ORDER BY slot ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before_it
            FROM flash_sale_stock WHERE sale_id = p_sale_id) running ON running.slot = stock.slot
     SET stock.seats_left = stock.seats_left
                            - LEAST(stock.seats_left, GREATEST(CAST(p_seats AS SIGNED) - running.before_it, 0))
   WHERE stock.sale_id = p_sale_id;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `undo_leftover`()
    COMMENT 'Undoes what a killed call has left open'
BEGIN
  DECLARE v_leftover BOOLEAN DEFAULT TRUE;

  BEGIN
    DECLARE EXIT HANDLER FOR 1305 SET v_leftover = FALSE;  -- no such savepoint: nothing was left
    ROLLBACK TO SAVEPOINT owned_by_a_procedure;
  END;
  IF v_leftover THEN
    ROLLBACK;
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `withdraw_flash_sale`(IN p_sale_id BIGINT UNSIGNED, IN p_course_id BIGINT UNSIGNED, IN p_max_seats INT UNSIGNED)
    MODIFIES SQL DATA
    COMMENT 'Takes the stock of a sale that sold nothing away'
BEGIN
  DECLARE v_state VARCHAR(10);
  DECLARE v_left  BIGINT;

  SELECT state INTO v_state FROM flash_sale_terms WHERE sale_id = p_sale_id FOR UPDATE;
  SELECT SUM(seats_left) INTO v_left FROM flash_sale_stock WHERE sale_id = p_sale_id FOR UPDATE;
  IF v_left < p_max_seats THEN
    CALL raise_error('SALE_HAS_BUYERS', p_sale_id);
  END IF;
  DELETE FROM flash_sale_stock WHERE sale_id = p_sale_id;
  DELETE FROM flash_sale_terms WHERE sale_id = p_sale_id;
  IF v_state = 'open' THEN
    CALL set_seats_aside(p_course_id, -v_left);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE PROCEDURE `write_order`(
  IN  p_cart_id      BIGINT UNSIGNED,
  IN  p_user_id      BIGINT UNSIGNED,
  IN  p_promotion_id BIGINT UNSIGNED,
  IN  p_promoted     JSON,
  OUT p_order_id     BIGINT UNSIGNED,
  OUT p_status       VARCHAR(50)
)
    MODIFIES SQL DATA
    COMMENT 'Writes an order of what lies in a cart'
BEGIN
  DECLARE v_discount DECIMAL(12,2);
  DECLARE v_tax      DECIMAL(12,2);
  DECLARE v_subtotal DECIMAL(12,2);
  DECLARE v_promoted DECIMAL(12,2);
  DECLARE v_missed   INT;
  DECLARE EXIT HANDLER FOR 1062 SET p_status = 'ALREADY_ENROLLED';

  SELECT SUM(course.price), SUM(IF(item.course_id MEMBER OF (p_promoted), course.price, 0)) INTO v_subtotal, v_promoted
    FROM cart_items item JOIN courses course USING (course_id) WHERE item.cart_id = p_cart_id FOR SHARE;
  SELECT IF(discount_type = 'percentage', ROUND(v_promoted * amount / 100, 2), LEAST(v_promoted, amount)) INTO v_discount
    FROM promotions WHERE promotion_id = p_promotion_id FOR SHARE;
  SET v_discount = COALESCE(v_discount, 0),
      v_tax = ROUND((v_subtotal - v_discount) * policy_value('tax_percent') / 100, 2);

  INSERT INTO orders (user_id, promotion_id, subtotal, discount_amount, tax_amount, total)
  VALUES (p_user_id, p_promotion_id, v_subtotal, v_discount, v_tax, v_subtotal - v_discount + v_tax);
  SET p_order_id = LAST_INSERT_ID();
  INSERT INTO order_items (order_id, course_id, unit_price, discount_amount, tax_amount)
  WITH priced AS (
    SELECT course_id, course.price, IF(course_id MEMBER OF (p_promoted), course.price, 0) AS promoted
      FROM cart_items item JOIN courses course USING (course_id) WHERE item.cart_id = p_cart_id
  ), running AS (
    SELECT course_id, price, promoted, SUM(promoted) OVER so_far AS promoted_so_far, SUM(price) OVER so_far AS price_so_far
      FROM priced WINDOW so_far AS (ORDER BY course_id ROWS UNBOUNDED PRECEDING)
  ), discounted AS (
    SELECT course_id, price, price_so_far,
           running_share(v_discount, promoted_so_far, v_promoted) AS discount_so_far,
           running_share(v_discount, promoted_so_far - promoted, v_promoted) AS discount_before
      FROM running
  )
  SELECT p_order_id, course_id, price, discount_so_far - discount_before,
         running_share(v_tax, price_so_far - discount_so_far, v_subtotal - v_discount)
         - running_share(v_tax, price_so_far - price - discount_before, v_subtotal - v_discount)
    FROM discounted;
  INSERT INTO seat_holds (student_id, course_id, order_id)
  SELECT p_user_id, course_id, p_order_id FROM order_items WHERE order_id = p_order_id ORDER BY course_id;
  IF p_promotion_id IS NOT NULL THEN
    INSERT INTO promotion_uses (promotion_id, order_id, user_id) VALUES (p_promotion_id, p_order_id, p_user_id);
  END IF;

  SET p_status = 'PENDING';
  IF v_subtotal - v_discount + v_tax = 0 THEN
    CALL settle_order(p_order_id, p_user_id, TRUE, NULL, v_missed);
    UPDATE orders SET status = 'confirmed' WHERE order_id = p_order_id;
    SET p_status = IF(v_missed = 0, 'CONFIRMED', 'ALREADY_ENROLLED');
  END IF;
END$$
DELIMITER ;

CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `active_users` AS
select `users`.`user_id` AS `user_id`,
    `users`.`name` AS `name`,
    `users`.`email` AS `email`,
    `users`.`user_type` AS `user_type`,
    `users`.`password_hash` AS `password_hash`,
    `users`.`deleted_at` AS `deleted_at`,
    `users`.`deletion_reason` AS `deletion_reason`,
    `users`.`created_at` AS `created_at`,
    `users`.`updated_at` AS `updated_at`
from `users`
where (`users`.`deleted_at` is null);

CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `course_catalog` AS
select `course`.`course_id` AS `course_id`,
    `course`.`title` AS `title`,
    `course`.`price` AS `price`,
    `course`.`level` AS `level`,
    `course`.`status` AS `status`,
    `course`.`instructor_id` AS `instructor_id`,
    `instructor`.`name` AS `instructor_name`,
    (`course`.`enrolled_students` + coalesce(`delta`.`enrolled`,0)) AS `enrolled_students`,
    (`course`.`total_enrollments` + coalesce(`delta`.`total`,0)) AS `total_enrollments`,
    cast(((`course`.`rating_sum` + coalesce(`delta`.`rating_sum`,0)) / nullif((`course`.`review_count` + coalesce(`delta`.`reviews`,0)),0)) as decimal(3,2)) AS `avg_rating`,
    (`course`.`review_count` + coalesce(`delta`.`reviews`,0)) AS `review_count`
from ((`courses` `course` join `users` `instructor` on((`instructor`.`user_id` = `course`.`instructor_id`))) left join lateral (select sum(`course_deltas`.`enrolled`) AS `enrolled`,sum(`course_deltas`.`total`) AS `total`,sum(`course_deltas`.`rating_sum`) AS `rating_sum`,sum(`course_deltas`.`reviews`) AS `reviews` from `course_deltas` where (`course_deltas`.`course_id` = `course`.`course_id`)) `delta` on(true));

CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `course_completers` AS
select `enrollment`.`course_id` AS `course_id`,
    `enrollment`.`student_id` AS `student_id`,
    `student`.`name` AS `student_name`
from (`enrollments` `enrollment` join `users` `student` on((`student`.`user_id` = `enrollment`.`student_id`)))
where (`enrollment`.`status` = 'completed');

CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `course_progress` AS
select `enrollment`.`student_id` AS `student_id`,
    `enrollment`.`course_id` AS `course_id`,
    `course`.`title` AS `course_title`,
    `lessons`.`total_lessons` AS `total_lessons`,
    `lessons`.`completed_lessons` AS `completed_lessons`,
    cast(coalesce(((100 * `lessons`.`completed_lessons`) / nullif(`lessons`.`total_lessons`,0)),0) as decimal(5,2)) AS `completion_percentage`
from ((`enrollments` `enrollment` join `courses` `course` on((`course`.`course_id` = `enrollment`.`course_id`))) join lateral (select count(0) AS `total_lessons`,cast(coalesce(sum(`done`.`completed`),0) as signed) AS `completed_lessons` from (`lessons` `lesson` left join `lesson_progress` `done` on(((`done`.`student_id` = `enrollment`.`student_id`) and (`done`.`lesson_id` = `lesson`.`lesson_id`)))) where (`lesson`.`course_id` = `enrollment`.`course_id`)) `lessons`)
where (`enrollment`.`in_force` = 1);

CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `flash_sale_status` AS
select `sale`.`sale_id` AS `sale_id`,
    `sale`.`course_id` AS `course_id`,
    `sale`.`max_seats` AS `max_seats`,
    (`sale`.`max_seats` - `stock`.`seats_left`) AS `seats_taken`,
    `stock`.`seats_left` AS `seats_left`,
    ((utc_timestamp(6) between `sale`.`start_time` and `sale`.`end_time`) and (`course`.`status` = 'active')) AS `is_active`
from ((`flash_sales` `sale` join `courses` `course` on((`course`.`course_id` = `sale`.`course_id`))) join lateral (select cast(sum(`flash_sale_stock`.`seats_left`) as signed) AS `seats_left` from `flash_sale_stock` where (`flash_sale_stock`.`sale_id` = `sale`.`sale_id`)) `stock`);

CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `instructor_earnings` AS
select `catalog`.`instructor_id` AS `instructor_id`,
    `catalog`.`instructor_name` AS `instructor_name`,
    `catalog`.`course_id` AS `course_id`,
    `catalog`.`title` AS `course_title`,
    `catalog`.`total_enrollments` AS `total_enrollments`,
    coalesce(`money`.`total_revenue`,0.00) AS `total_revenue`,
    coalesce(`money`.`refunded`,0.00) AS `refunded`,
    `catalog`.`avg_rating` AS `average_rating`,
    `catalog`.`review_count` AS `review_count`
from (`course_catalog` `catalog` left join lateral (select sum(if((`payment`.`kind` = 'charge'),`payment`.`amount`,0)) AS `total_revenue`,sum(if((`payment`.`kind` = 'refund'),-(`payment`.`amount`),0)) AS `refunded` from (`enrollments` `enrollment` join lateral (select `payments`.`kind` AS `kind`,`payments`.`amount` AS `amount` from `payments` where ((`payments`.`enrollment_id` = `enrollment`.`enrollment_id`) and (`payments`.`status` in ('completed','refunded'))) union all select `payments_history`.`kind` AS `kind`,`payments_history`.`amount` AS `amount` from `payments_history` where ((`payments_history`.`enrollment_id` = `enrollment`.`enrollment_id`) and (`payments_history`.`status` in ('completed','refunded')))) `payment`) where (`enrollment`.`course_id` = `catalog`.`course_id`)) `money` on(true));

CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `instructor_enrollments` AS
select `enrollment`.`enrollment_id` AS `enrollment_id`,
    `enrollment`.`student_id` AS `student_id`,
    `student`.`name` AS `student_name`,
    `student`.`email` AS `student_email`,
    `enrollment`.`enrolled_at` AS `enrolled_at`,
    `enrollment`.`progress_percentage` AS `progress_percentage`,
    `enrollment`.`course_id` AS `course_id`,
    `course`.`instructor_id` AS `instructor_id`
from (((`enrollments` `enrollment` IGNORE INDEX (`enrollments_by_day`) join `courses` `course` on((`course`.`course_id` = `enrollment`.`course_id`))) join `instructor_accounts` `account` on((`account`.`user_id` = `course`.`instructor_id`))) join `users` `student` on((`student`.`user_id` = `enrollment`.`student_id`)))
where ((`account`.`account_name` = (convert(left(user(),((char_length(user()) - char_length(substring_index(user(),'@',-(1)))) - 1)) using utf8mb4) collate utf8mb4_bin)) and ((convert(substring_index(user(),'@',-(1)) using utf8mb4) collate utf8mb4_bin) like `account`.`account_host`));

CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `sales_facts` AS
select `payment`.`payment_id` AS `payment_id`,
    cast(`payment`.`processed_at` as date) AS `date_key`,
    `payment`.`processed_at` AS `processed_at`,
    coalesce(`enrollment`.`course_id`,0) AS `course_id`,
    `payment`.`user_id` AS `user_id`,
    `payment`.`kind` AS `kind`,
    `payment`.`currency` AS `currency`,
    `payment`.`amount` AS `amount`,
    coalesce(`item`.`amount`,0.00) AS `instructor_share`
from ((`payments` `payment` left join `enrollments` `enrollment` on((`enrollment`.`enrollment_id` = `payment`.`enrollment_id`))) left join `payout_items` `item` on((`item`.`payment_id` = `payment`.`payment_id`)))
where (`payment`.`status` in ('completed','refunded'))
union all
select `payment`.`payment_id` AS `payment_id`,
    cast(`payment`.`processed_at` as date) AS `CAST(payment.processed_at AS DATE)`,
    `payment`.`processed_at` AS `processed_at`,
    coalesce(`enrollment`.`course_id`,0) AS `COALESCE(enrollment.course_id, 0)`,
    `payment`.`user_id` AS `user_id`,
    `payment`.`kind` AS `kind`,
    `payment`.`currency` AS `currency`,
    `payment`.`amount` AS `amount`,
    coalesce(`item`.`amount`,0.00) AS `COALESCE(item.amount, 0.00)`
from ((`payments_history` `payment` left join `enrollments` `enrollment` on((`enrollment`.`enrollment_id` = `payment`.`enrollment_id`))) left join `payout_items` `item` on((`item`.`payment_id` = `payment`.`payment_id`)))
where (`payment`.`status` in ('completed','refunded'));

CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `student_dashboard` AS
select `student`.`user_id` AS `user_id`,
    `student`.`name` AS `student_name`,
    `student`.`email` AS `email`,
    `enrollment`.`enrollment_id` AS `enrollment_id`,
    `enrollment`.`course_id` AS `course_id`,
    `course`.`title` AS `course_title`,
    `enrollment`.`progress_percentage` AS `progress_percentage`,
    `enrollment`.`status` AS `status`
from ((`users` `student` left join `enrollments` `enrollment` on((`enrollment`.`student_id` = `student`.`user_id`))) left join `courses` `course` on((`course`.`course_id` = `enrollment`.`course_id`)))
where ((`student`.`user_type` = 'student') or (`enrollment`.`enrollment_id` is not null));

CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `top_courses` AS
select `course`.`course_id` AS `course_id`,
    `course`.`title` AS `title`,
    `instructor`.`name` AS `instructor_name`,
    `course`.`total_enrollments` AS `total_enrollments`,
    `course`.`avg_rating` AS `avg_rating`,
    `course`.`review_count` AS `review_count`
from (`courses` `course` FORCE INDEX (PRIMARY) FORCE INDEX (`top_courses_first`) FORCE INDEX (`courses_of_instructor`) join `users` `instructor` on((`instructor`.`user_id` = `course`.`instructor_id`)))
where (`course`.`status` = 'active')
order by `course`.`total_enrollments` desc,
    `course`.`course_id` desc;

CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `top_rated_courses` AS
select `listed`.`category_id` AS `category_id`,
    `listed`.`category_path` AS `category_path`,
    row_number() OVER (PARTITION BY `listed`.`category_id` ORDER BY `course`.`avg_rating` desc,`course`.`review_count` desc,`course`.`course_id` )  AS `place`,
    `course`.`course_id` AS `course_id`,
    `course`.`title` AS `title`,
    `instructor`.`name` AS `instructor_name`,
    `course`.`avg_rating` AS `avg_rating`,
    `course`.`review_count` AS `review_count`
from (((select distinct `category`.`category_id` AS `category_id`,`category`.`path` AS `category_path`,`standing`.`course_id` AS `course_id` from ((`categories` `category` join `categories` `below` on((`below`.`path` like concat(`category`.`path`,'%')))) join `course_categories` `standing` on((`standing`.`category_id` = `below`.`category_id`)))) `listed` join `courses` `course` on((`course`.`course_id` = `listed`.`course_id`))) join `users` `instructor` on((`instructor`.`user_id` = `course`.`instructor_id`)))
where ((`course`.`status` = 'active') and (`course`.`review_count` > 0));

CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `v_counter_drift` AS
select `counters`.`counter` AS `counter`,
    `course`.`course_id` AS `row_id`,
    `counters`.`stored_value` AS `stored_value`,
    `counters`.`recounted_value` AS `recounted_value`
from (((((((`courses` `course` left join `course_seats` `limited` on((`limited`.`course_id` = `course`.`course_id`))) join lateral (select count(`enrollments`.`in_force`) AS `in_force`,count(0) AS `total`,max(`enrollments`.`enrolled_at`) AS `newest` from `enrollments` where (`enrollments`.`course_id` = `course`.`course_id`)) `enrolled`) join lateral (select coalesce(sum(`reviews`.`rating`),0) AS `rating_sum`,count(0) AS `reviews` from `reviews` where (`reviews`.`course_id` = `course`.`course_id`)) `rated`) join lateral (select count(0) AS `deltas`,coalesce(sum(`course_deltas`.`enrolled`),0) AS `enrolled`,coalesce(sum(`course_deltas`.`total`),0) AS `total`,coalesce(sum(`course_deltas`.`rating_sum`),0) AS `rating_sum`,coalesce(sum(`course_deltas`.`reviews`),0) AS `reviews` from `course_deltas` where (`course_deltas`.`course_id` = `course`.`course_id`)) `pending`) join lateral (select count(0) AS `seats` from `seat_holds` where (`seat_holds`.`course_id` = `course`.`course_id`)) `held`) join lateral (select coalesce(sum(`stock`.`seats_left`),0) AS `seats` from (`flash_sale_terms` `terms` join `flash_sale_stock` `stock` on((`stock`.`sale_id` = `terms`.`sale_id`))) where ((`terms`.`course_id` = `course`.`course_id`) and (`terms`.`state` = 'open'))) `unsold`) join lateral (select 'courses.enrolled_students' AS `counter`,cast((`course`.`enrolled_students` + `pending`.`enrolled`) as char charset utf8mb4) AS `stored_value`,cast(`enrolled`.`in_force` as char charset utf8mb4) AS `recounted_value` union all select 'courses.total_enrollments' AS `courses.total_enrollments`,(`course`.`total_enrollments` + `pending`.`total`) AS `course.total_enrollments + pending.total`,`enrolled`.`total` AS `total` union all select 'courses.last_enrollment_date' AS `courses.last_enrollment_date`,if((`pending`.`deltas` > 0),`enrolled`.`newest`,`course`.`last_enrollment_date`) AS `stored_value`,`enrolled`.`newest` AS `newest` union all select 'courses.rating_sum' AS `courses.rating_sum`,(`course`.`rating_sum` + `pending`.`rating_sum`) AS `course.rating_sum + pending.rating_sum`,`rated`.`rating_sum` AS `rating_sum` union all select 'courses.review_count' AS `courses.review_count`,(`course`.`review_count` + `pending`.`reviews`) AS `course.review_count + pending.reviews`,`rated`.`reviews` AS `reviews` union all select 'course_seats.seats_taken' AS `course_seats.seats_taken`,`limited`.`seats_taken` AS `seats_taken`,if((`limited`.`course_id` is null),NULL,((`enrolled`.`in_force` + `held`.`seats`) + `unsold`.`seats`)) AS `recounted_value`) `counters`)
where (not((`counters`.`stored_value` <=> `counters`.`recounted_value`)))
union all
select 'promotions.uses_count' AS `promotions.uses_count`,
    `promotion`.`promotion_id` AS `promotion_id`,
    `promotion`.`uses_count` AS `uses_count`,
    `used`.`uses` AS `uses`
from (`promotions` `promotion` join lateral (select count(0) AS `uses` from `promotion_uses` where (`promotion_uses`.`promotion_id` = `promotion`.`promotion_id`)) `used`)
where (`promotion`.`uses_count` <> `used`.`uses`)
union all
select `counters`.`counter` AS `counter`,
    `sale`.`sale_id` AS `sale_id`,
    `counters`.`stored_value` AS `stored_value`,
    `counters`.`recounted_value` AS `recounted_value`
from ((((`flash_sales` `sale` join `flash_sale_terms` `terms` on((`terms`.`sale_id` = `sale`.`sale_id`))) join lateral (select (`sale`.`max_seats` - coalesce(sum(`flash_sale_stock`.`seats_left`),0)) AS `seats` from `flash_sale_stock` where (`flash_sale_stock`.`sale_id` = `sale`.`sale_id`)) `gone`) join lateral (select count(0) AS `seats` from `enrollments` where ((`enrollments`.`course_id` = `sale`.`course_id`) and (`enrollments`.`flash_sale_id` = `sale`.`sale_id`))) `sold`) join lateral (select 'flash_sales.seats_taken' AS `counter`,`sale`.`seats_taken` AS `stored_value`,if((`terms`.`state` = 'folded'),`gone`.`seats`,`sale`.`seats_taken`) AS `recounted_value` union all select 'flash_sales.stock' AS `flash_sales.stock`,`gone`.`seats` AS `seats`,greatest(`gone`.`seats`,`sold`.`seats`) AS `GREATEST(gone.seats, sold.seats)`) `counters`)
where (`counters`.`stored_value` <> `counters`.`recounted_value`);

CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `v_payments_to_reconcile` AS
select `payment`.`payment_id` AS `payment_id`,
    `payment`.`user_id` AS `user_id`,
    `payment`.`course_id` AS `course_id`,
    `payment`.`order_id` AS `order_id`,
    `payment`.`answers` AS `answers`,
    `payment`.`amount` AS `amount`,
    `payment`.`currency` AS `currency`,
    `payment`.`transaction_id` AS `transaction_id`,
    `payment`.`processed_at` AS `processed_at`,
    'NO_ENROLLMENT' AS `reason`
from `payments` `payment`
where ((`payment`.`enrollment_id` is null) and (`payment`.`status` = 'completed') and (`payment`.`kind` = 'charge') and (`payment`.`subscription_id` is null))
union all
select `payment`.`payment_id` AS `payment_id`,
    `payment`.`user_id` AS `user_id`,
    `payment`.`course_id` AS `course_id`,
    `payment`.`order_id` AS `order_id`,
    `payment`.`answers` AS `answers`,
    `payment`.`amount` AS `amount`,
    `payment`.`currency` AS `currency`,
    `payment`.`transaction_id` AS `transaction_id`,
    `payment`.`processed_at` AS `processed_at`,
    if((`enrollment`.`status` = 'refunded'),'ENROLLMENT_REFUNDED','PAID_TWICE') AS `Name_exp_20`
from ((`payments_to_check` `noted` join `payments` `payment` on((`payment`.`payment_id` = `noted`.`payment_id`))) join `enrollments` `enrollment` on((`enrollment`.`enrollment_id` = `payment`.`enrollment_id`)))
where ((`payment`.`status` = 'completed') and (`payment`.`kind` = 'charge') and (`payment`.`subscription_id` is null) and ((`enrollment`.`status` = 'refunded') or exists(select 1 from `payments` `earlier` where ((`earlier`.`enrollment_id` = `payment`.`enrollment_id`) and (`earlier`.`payment_id` < `payment`.`payment_id`) and (`earlier`.`kind` = 'charge') and (`earlier`.`status` = 'completed')))));

DELIMITER $$
CREATE TRIGGER `carts_before_insert` BEFORE INSERT ON `carts` FOR EACH ROW BEGIN
  CALL refuse_deleted_user(NEW.user_id);
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `categories_before_insert` BEFORE INSERT ON `categories` FOR EACH ROW BEGIN
  DECLARE v_mutex VARCHAR(64);
  DECLARE v_path  VARCHAR(700) DEFAULT '/';
  DECLARE v_depth INT DEFAULT -1;

  SELECT name INTO v_mutex FROM mutexes WHERE name = 'categories' FOR SHARE;
  SELECT path, depth INTO v_path, v_depth FROM categories WHERE category_id = NEW.parent_id FOR SHARE;
  IF NEW.parent_id IS NOT NULL AND v_depth = -1 THEN
    CALL raise_error('NO_SUCH_CATEGORY', NEW.parent_id);
  END IF;
  SET NEW.slug = IF(NEW.slug = '', NEW.name, NEW.slug);
  SET NEW.slug = LOWER(TRIM(BOTH '-' FROM REGEXP_REPLACE(NEW.slug, '[^\\p{L}\\p{M}\\p{N}]+', '-')));
  SET NEW.path = CONCAT(v_path, NEW.slug, '/'), NEW.depth = v_depth + 1;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `categories_before_update` BEFORE UPDATE ON `categories` FOR EACH ROW BEGIN
  DECLARE v_moving BOOLEAN;

  IF NOT (NEW.parent_id <=> OLD.parent_id AND NEW.slug = OLD.slug AND NEW.path = OLD.path AND NEW.depth = OLD.depth
          AND NEW.category_id = OLD.category_id) THEN
    SELECT COUNT(*) INTO v_moving FROM mutexes WHERE name = 'categories' AND held_by = CONNECTION_ID();
    IF NOT v_moving THEN
      CALL raise_error('FIXED_ONCE_STORED', 'a category''s place');
    END IF;
  END IF;
  SET NEW.updated_at = UTC_TIMESTAMP(6), NEW.updated_by = USER();
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `course_access_before_update` BEFORE UPDATE ON `course_access` FOR EACH ROW BEGIN
  IF NOT NEW.access_expires_at <=> OLD.access_expires_at THEN
    SET NEW.has_ended = FALSE;
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `course_prerequisites_before_delete` BEFORE DELETE ON `course_prerequisites` FOR EACH ROW BEGIN
  DECLARE v_mutex VARCHAR(64);

  SELECT name INTO v_mutex FROM mutexes WHERE name = 'course_prerequisites' FOR UPDATE;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `course_prerequisites_before_insert` BEFORE INSERT ON `course_prerequisites` FOR EACH ROW BEGIN
  CALL refuse_prerequisite_cycle(NEW.course_id, NEW.prerequisite_course_id, NULL, NULL);
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `course_prerequisites_before_update` BEFORE UPDATE ON `course_prerequisites` FOR EACH ROW BEGIN
  CALL refuse_prerequisite_cycle(NEW.course_id, NEW.prerequisite_course_id, OLD.course_id, OLD.prerequisite_course_id);
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `courses_after_insert` AFTER INSERT ON `courses` FOR EACH ROW BEGIN
  IF NEW.max_students IS NOT NULL THEN
    INSERT INTO course_seats (course_id, seats, seats_granted)
    VALUES (NEW.course_id, NEW.max_students, NEW.max_students);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `courses_after_update` AFTER UPDATE ON `courses` FOR EACH ROW BEGIN
  IF NOT NEW.max_students <=> OLD.max_students THEN
    CALL change_seat_limit(NEW.course_id, OLD.max_students, NEW.max_students);
  END IF;
  IF NEW.price <> OLD.price THEN
    INSERT INTO price_history (course_id, price_before, price_after) VALUES (NEW.course_id, OLD.price, NEW.price);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `courses_before_delete` BEFORE DELETE ON `courses` FOR EACH ROW BEGIN
  DECLARE v_students INT;

  SELECT COUNT(*) INTO v_students FROM enrollments WHERE course_id = OLD.course_id FOR SHARE;
  IF v_students > 0 THEN
    CALL raise_error('COURSE_HAS_STUDENTS', OLD.course_id);
  END IF;
  DELETE FROM course_seats WHERE course_id = OLD.course_id;
  DELETE FROM price_history WHERE course_id = OLD.course_id;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `courses_before_update` BEFORE UPDATE ON `courses` FOR EACH ROW BEGIN
  IF NEW.enrolled_students <=> OLD.enrolled_students
     AND NEW.total_enrollments <=> OLD.total_enrollments
     AND NEW.rating_sum <=> OLD.rating_sum
     AND NEW.review_count <=> OLD.review_count
     AND NEW.last_enrollment_date <=> OLD.last_enrollment_date THEN
    SET NEW.updated_at = UTC_TIMESTAMP(6), NEW.updated_by = USER();
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `enrollments_after_delete` AFTER DELETE ON `enrollments` FOR EACH ROW BEGIN
  INSERT INTO course_deltas (course_id, enrolled, total) VALUES (OLD.course_id, -(OLD.in_force IS NOT NULL), -1);
  IF OLD.in_force = 1 THEN
    UPDATE course_seats SET seats_taken = seats_taken - 1 WHERE course_id = OLD.course_id;
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `enrollments_after_insert` AFTER INSERT ON `enrollments` FOR EACH ROW BEGIN
  INSERT INTO course_deltas (course_id, enrolled, total) VALUES (NEW.course_id, NEW.in_force IS NOT NULL, 1);
  IF NEW.in_force = 1 AND NEW.flash_sale_id IS NULL THEN
    UPDATE course_seats SET seats_taken = seats_taken + 1 WHERE course_id = NEW.course_id;
  END IF;
  IF NEW.status = 'completed' THEN
    CALL follow_with_certificate(NEW.enrollment_id, NEW.status);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `enrollments_after_update` AFTER UPDATE ON `enrollments` FOR EACH ROW BEGIN
  IF NOT NEW.in_force <=> OLD.in_force OR NEW.course_id <> OLD.course_id
     OR NEW.enrolled_at <> OLD.enrolled_at THEN
    INSERT INTO course_deltas (course_id, enrolled, total) VALUES
      (OLD.course_id, -(OLD.in_force IS NOT NULL), -1),
      (NEW.course_id, NEW.in_force IS NOT NULL, 1);
    IF OLD.in_force = 1 THEN
      UPDATE course_seats SET seats_taken = seats_taken - 1 WHERE course_id = OLD.course_id;
    END IF;
    IF NEW.in_force = 1 THEN
      UPDATE course_seats SET seats_taken = seats_taken + 1 WHERE course_id = NEW.course_id;
    END IF;
  END IF;
  IF NEW.status <> OLD.status AND 'completed' IN (NEW.status, OLD.status) THEN
    CALL follow_with_certificate(NEW.enrollment_id, NEW.status);
  END IF;
  IF NEW.status = 'refunded' AND OLD.status <> 'refunded' THEN
    CALL note_charges(NEW.enrollment_id);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `enrollments_before_delete` BEFORE DELETE ON `enrollments` FOR EACH ROW BEGIN
  DELETE FROM certificates WHERE enrollment_id = OLD.enrollment_id;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `enrollments_before_update` BEFORE UPDATE ON `enrollments` FOR EACH ROW BEGIN
  IF NEW.status <> OLD.status
     AND (OLD.status, NEW.status) NOT IN (('active', 'completed'), ('active', 'refunded'), ('active', 'expired'),
                                          ('completed', 'refunded'), ('expired', 'refunded')) THEN
    CALL raise_error('ILLEGAL_ENROLLMENT_STATUS', CONCAT(OLD.enrollment_id, ': ', OLD.status, ' to ', NEW.status));
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `flash_sales_after_insert` AFTER INSERT ON `flash_sales` FOR EACH ROW BEGIN
  CALL settle_ended_sales(NEW.course_id);
  INSERT INTO flash_sale_terms (sale_id, course_id, discount_price, start_time, end_time)
  VALUES (NEW.sale_id, NEW.course_id, NEW.discount_price, NEW.start_time, NEW.end_time);
  CALL add_sale_stock(NEW.sale_id, NEW.max_seats);
  CALL set_seats_aside(NEW.course_id, NEW.max_seats);
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `flash_sales_after_update` AFTER UPDATE ON `flash_sales` FOR EACH ROW BEGIN
  IF NEW.discount_price <> OLD.discount_price OR NEW.start_time <> OLD.start_time OR NEW.end_time <> OLD.end_time THEN
    CALL change_sale_terms(NEW.sale_id, NEW.discount_price, NEW.start_time, NEW.end_time);
  END IF;
  IF NEW.max_seats <> OLD.max_seats THEN
    CALL resize_flash_sale(NEW.sale_id, NEW.course_id, CAST(NEW.max_seats AS SIGNED) - CAST(OLD.max_seats AS SIGNED));
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `flash_sales_before_delete` BEFORE DELETE ON `flash_sales` FOR EACH ROW BEGIN
  CALL withdraw_flash_sale(OLD.sale_id, OLD.course_id, OLD.max_seats);
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `flash_sales_before_update` BEFORE UPDATE ON `flash_sales` FOR EACH ROW BEGIN
  IF NEW.course_id <> OLD.course_id THEN
    CALL raise_error('FIXED_ONCE_STORED', 'the course of a sale');
  END IF;
  IF NEW.seats_taken = OLD.seats_taken THEN
    SET NEW.updated_at = UTC_TIMESTAMP(6), NEW.updated_by = USER();
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `fraud_detection_rules_before_update` BEFORE UPDATE ON `fraud_detection_rules` FOR EACH ROW BEGIN
  SET NEW.updated_at = UTC_TIMESTAMP(6);
  SET NEW.updated_by = USER();
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `lessons_before_update` BEFORE UPDATE ON `lessons` FOR EACH ROW BEGIN
  SET NEW.updated_at = UTC_TIMESTAMP(6);
  SET NEW.updated_by = USER();
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `order_events_before_delete` BEFORE DELETE ON `order_events` FOR EACH ROW BEGIN
  CALL raise_error('APPEND_ONLY', 'order_events');
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `order_events_before_update` BEFORE UPDATE ON `order_events` FOR EACH ROW BEGIN
  CALL raise_error('APPEND_ONLY', 'order_events');
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `order_items_before_update` BEFORE UPDATE ON `order_items` FOR EACH ROW BEGIN
  CALL raise_error('FIXED_ONCE_STORED', 'an item of an order');
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `orders_after_insert` AFTER INSERT ON `orders` FOR EACH ROW BEGIN
  INSERT INTO order_events (order_id, to_status) VALUES (NEW.order_id, NEW.status);
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `orders_after_update` AFTER UPDATE ON `orders` FOR EACH ROW BEGIN
  IF NEW.status <> OLD.status THEN
    INSERT INTO order_events (order_id, from_status, to_status) VALUES (NEW.order_id, OLD.status, NEW.status);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `orders_before_update` BEFORE UPDATE ON `orders` FOR EACH ROW BEGIN
  IF NOT (NEW.user_id = OLD.user_id AND NEW.promotion_id <=> OLD.promotion_id AND NEW.subtotal = OLD.subtotal
          AND NEW.discount_amount = OLD.discount_amount AND NEW.tax_amount = OLD.tax_amount AND NEW.total = OLD.total) THEN
    CALL raise_error('FIXED_ONCE_STORED', 'buyer, promotion or amounts of an order');
  END IF;
  IF NEW.status <> OLD.status
     AND NOT (OLD.status = 'pending_payment' AND NEW.status IN ('confirmed', 'payment_failed', 'cancelled'))
     AND NOT (OLD.status = 'confirmed' AND NEW.status = 'refunded') THEN
    CALL raise_error('ILLEGAL_ORDER_STATUS', CONCAT(OLD.status, ' to ', NEW.status));
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `payment_events_before_delete` BEFORE DELETE ON `payment_events` FOR EACH ROW BEGIN
  DECLARE v_copies INT;
  SELECT COUNT(*) INTO v_copies FROM payment_events_history
   WHERE event_id = OLD.event_id AND payment_id = OLD.payment_id AND event_type = OLD.event_type FOR SHARE;
  IF v_copies = 0 THEN
    CALL raise_error('APPEND_ONLY', 'payment_events');
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `payment_events_before_update` BEFORE UPDATE ON `payment_events` FOR EACH ROW BEGIN
  CALL raise_error('APPEND_ONLY', 'payment_events');
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `payment_events_history_before_delete` BEFORE DELETE ON `payment_events_history` FOR EACH ROW BEGIN
  CALL raise_error('APPEND_ONLY', 'payment_events_history');
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `payment_events_history_before_update` BEFORE UPDATE ON `payment_events_history` FOR EACH ROW BEGIN
  CALL raise_error('APPEND_ONLY', 'payment_events_history');
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `payments_after_update` AFTER UPDATE ON `payments` FOR EACH ROW BEGIN
  IF NEW.status = 'refunded' AND OLD.status = 'completed' AND NEW.order_id IS NOT NULL THEN
    CALL settle_refunded_order(NEW.order_id);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `payments_keys_after_update` AFTER UPDATE ON `payments` FOR EACH ROW BEGIN
  IF NEW.transaction_id IS NOT NULL AND NOT NEW.transaction_id <=> OLD.transaction_id THEN
    INSERT INTO payment_keys (key_type, payment_key, payment_id)
    VALUES ('transaction_id', NEW.transaction_id, NEW.payment_id);
  END IF;
  IF NEW.idempotency_key IS NOT NULL AND NOT NEW.idempotency_key <=> OLD.idempotency_key THEN
    INSERT INTO payment_keys (key_type, payment_key, payment_id)
    VALUES ('idempotency_key', NEW.idempotency_key, NEW.payment_id);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `payments_share_after_update` AFTER UPDATE ON `payments` FOR EACH ROW BEGIN
  DECLARE v_stood  BOOLEAN DEFAULT OLD.status IN ('completed', 'refunded') AND OLD.enrollment_id IS NOT NULL;
  DECLARE v_stands BOOLEAN DEFAULT NEW.status IN ('completed', 'refunded') AND NEW.enrollment_id IS NOT NULL;
  IF NEW.kind = 'charge' AND v_stands AND NOT v_stood THEN
    CALL freeze_share(NEW.payment_id, NEW.enrollment_id, NEW.processed_at, NEW.amount, NEW.currency);
  ELSEIF NEW.kind = 'charge' AND v_stood AND NOT v_stands THEN
    DELETE FROM payout_items WHERE payment_id = NEW.payment_id AND payout_id IS NULL;
  END IF;
  IF NEW.kind = 'charge' AND v_stands AND (NOT v_stood OR NEW.enrollment_id <> OLD.enrollment_id) THEN
    IF NOT NEW.enrollment_id <=> @_learnhub_enrolled THEN
      CALL note_charges(NEW.enrollment_id);
    END IF;
    SET @_learnhub_enrolled = NULL;
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `payments_before_insert` BEFORE INSERT ON `payments` FOR EACH ROW BEGIN
  UPDATE payment_clocks SET changed_at = UTC_TIMESTAMP(6) WHERE user_id = NEW.user_id;
  IF NEW.kind = 'refund' AND NEW.refund_of IS NOT NULL THEN
    CALL refuse_bad_refund(NEW.refund_of, NEW.user_id, NEW.currency, NEW.amount);
  END IF;
  IF NEW.status <> 'pending' AND NEW.processed_at IS NULL THEN
    SET NEW.processed_at = NEW.created_at;
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `payments_before_update` BEFORE UPDATE ON `payments` FOR EACH ROW BEGIN
  IF NOT (NEW.user_id = OLD.user_id AND NEW.kind = OLD.kind AND NEW.amount = OLD.amount
          AND NEW.currency = OLD.currency AND NEW.refund_of <=> OLD.refund_of) THEN
    CALL raise_error('FIXED_ONCE_STORED', 'user, kind, amount, currency or charge');
  END IF;
  IF NOT (NEW.course_id <=> OLD.course_id AND NEW.answers <=> OLD.answers) THEN
    CALL raise_error('FIXED_ONCE_STORED', 'what a payment is for');
  END IF;
  IF NEW.status <> OLD.status
     AND NOT (OLD.status = 'pending' AND NEW.status IN ('completed', 'failed'))
     AND NOT (OLD.status = 'completed' AND NEW.status = 'refunded') THEN
    CALL raise_error('ILLEGAL_PAYMENT_STATUS', CONCAT(OLD.status, ' to ', NEW.status));
  END IF;
  IF NEW.status <> OLD.status THEN
    UPDATE payment_clocks SET changed_at = UTC_TIMESTAMP(6) WHERE user_id = NEW.user_id;
  END IF;
  IF NEW.status <> 'pending' AND NEW.processed_at IS NULL THEN
    SET NEW.processed_at = UTC_TIMESTAMP(6);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `payments_keys_after_insert` AFTER INSERT ON `payments` FOR EACH ROW BEGIN
  IF NEW.transaction_id IS NOT NULL THEN
    INSERT INTO payment_keys (key_type, payment_key, payment_id)
    VALUES ('transaction_id', NEW.transaction_id, NEW.payment_id);
  END IF;
  IF NEW.idempotency_key IS NOT NULL THEN
    INSERT INTO payment_keys (key_type, payment_key, payment_id)
    VALUES ('idempotency_key', NEW.idempotency_key, NEW.payment_id);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `payments_share_after_insert` AFTER INSERT ON `payments` FOR EACH ROW BEGIN
  IF NEW.kind = 'charge' AND NEW.status IN ('completed', 'refunded') AND NEW.enrollment_id IS NOT NULL THEN
    CALL freeze_share(NEW.payment_id, NEW.enrollment_id, NEW.processed_at, NEW.amount, NEW.currency);
    IF NOT NEW.enrollment_id <=> @_learnhub_enrolled THEN
      CALL note_charges(NEW.enrollment_id);
    END IF;
    SET @_learnhub_enrolled = NULL;
  ELSEIF NEW.kind = 'refund' THEN
    CALL claw_back_share(NEW.payment_id, NEW.refund_of, NEW.processed_at);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `policies_before_update` BEFORE UPDATE ON `policies` FOR EACH ROW BEGIN
  SET NEW.updated_at = UTC_TIMESTAMP(6);
  SET NEW.updated_by = USER();
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `price_history_before_update` BEFORE UPDATE ON `price_history` FOR EACH ROW BEGIN
  CALL raise_error('APPEND_ONLY', 'price_history');
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `promotion_uses_after_delete` AFTER DELETE ON `promotion_uses` FOR EACH ROW BEGIN
  UPDATE promotions SET uses_count = uses_count - 1 WHERE promotion_id = OLD.promotion_id;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `promotion_uses_after_insert` AFTER INSERT ON `promotion_uses` FOR EACH ROW BEGIN
  UPDATE promotions SET uses_count = uses_count + 1 WHERE promotion_id = NEW.promotion_id;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `promotion_uses_before_update` BEFORE UPDATE ON `promotion_uses` FOR EACH ROW BEGIN
  CALL raise_error('FIXED_ONCE_STORED', 'a promotion''s use');
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `promotions_before_update` BEFORE UPDATE ON `promotions` FOR EACH ROW BEGIN
  IF NEW.uses_count = OLD.uses_count THEN
    SET NEW.updated_at = UTC_TIMESTAMP(6), NEW.updated_by = USER();
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `reviews_after_delete` AFTER DELETE ON `reviews` FOR EACH ROW BEGIN
  INSERT INTO course_deltas (course_id, rating_sum, reviews) VALUES (OLD.course_id, -CAST(OLD.rating AS SIGNED), -1);
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `reviews_after_insert` AFTER INSERT ON `reviews` FOR EACH ROW BEGIN
  INSERT INTO course_deltas (course_id, rating_sum, reviews) VALUES (NEW.course_id, NEW.rating, 1);
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `reviews_after_update` AFTER UPDATE ON `reviews` FOR EACH ROW BEGIN
  IF NEW.rating <> OLD.rating OR NEW.course_id <> OLD.course_id THEN
    INSERT INTO course_deltas (course_id, rating_sum, reviews) VALUES
      (OLD.course_id, -CAST(OLD.rating AS SIGNED), -1),
      (NEW.course_id, NEW.rating, 1);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `reviews_before_insert` BEFORE INSERT ON `reviews` FOR EACH ROW BEGIN
  CALL refuse_deleted_user(NEW.student_id);
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `reviews_before_update` BEFORE UPDATE ON `reviews` FOR EACH ROW BEGIN
  IF NEW.student_id <> OLD.student_id THEN
    CALL refuse_deleted_user(NEW.student_id);
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `seat_holds_after_delete` AFTER DELETE ON `seat_holds` FOR EACH ROW BEGIN
  UPDATE course_seats SET seats_taken = seats_taken - 1 WHERE course_id = OLD.course_id;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `seat_holds_after_insert` AFTER INSERT ON `seat_holds` FOR EACH ROW BEGIN
  UPDATE course_seats SET seats_taken = seats_taken + 1 WHERE course_id = NEW.course_id;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `seat_holds_before_update` BEFORE UPDATE ON `seat_holds` FOR EACH ROW BEGIN
  CALL raise_error('FIXED_ONCE_STORED', 'a held seat');
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `subscription_plans_before_update` BEFORE UPDATE ON `subscription_plans` FOR EACH ROW BEGIN
  SET NEW.updated_at = UTC_TIMESTAMP(6);
  SET NEW.updated_by = USER();
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `subscriptions_before_update` BEFORE UPDATE ON `subscriptions` FOR EACH ROW BEGIN
  IF NEW.status <> OLD.status AND OLD.status IN ('cancelled', 'expired') THEN
    CALL raise_error('ILLEGAL_SUBSCRIPTION_STATUS', CONCAT(OLD.subscription_id, ': ', OLD.status, ' to ', NEW.status));
  END IF;
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `users_after_insert` AFTER INSERT ON `users` FOR EACH ROW BEGIN
  INSERT INTO payment_clocks (user_id) VALUES (NEW.user_id);
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `users_before_update` BEFORE UPDATE ON `users` FOR EACH ROW BEGIN
  SET NEW.updated_at = UTC_TIMESTAMP(6);
END$$
DELIMITER ;

DELIMITER $$
CREATE TRIGGER `wishlist_items_before_insert` BEFORE INSERT ON `wishlist_items` FOR EACH ROW BEGIN
  CALL refuse_deleted_user(NEW.student_id);
END$$
DELIMITER ;

DELIMITER $$
CREATE EVENT `archive_payments` ON SCHEDULE EVERY 1 DAY STARTS '2025-01-01 04:00:00' ON COMPLETION PRESERVE DISABLE COMMENT 'Moves what was closed a year ago into the history' DO BEGIN
    IF GET_LOCK(SHA2(CONCAT('archive_payments.', DATABASE()), 256), 0) THEN
      CALL archive_payments(UTC_DATE() - INTERVAL 1 YEAR, 500, @moved);
      DO RELEASE_LOCK(SHA2(CONCAT('archive_payments.', DATABASE()), 256));
    END IF;
  END$$
DELIMITER ;

DELIMITER $$
CREATE EVENT `create_payouts` ON SCHEDULE EVERY 1 DAY STARTS '2025-01-01 03:00:00' ON COMPLETION PRESERVE DISABLE COMMENT 'Pays the instructors for the month that is over' DO BEGIN
    IF GET_LOCK(SHA2(CONCAT('create_payouts.', DATABASE()), 256), 0) THEN
      CALL create_payouts(LAST_DAY(UTC_DATE() - INTERVAL 1 MONTH), @payouts);
      DO RELEASE_LOCK(SHA2(CONCAT('create_payouts.', DATABASE()), 256));
    END IF;
  END$$
DELIMITER ;

DELIMITER $$
CREATE EVENT `expire_access` ON SCHEDULE EVERY 1 HOUR ON COMPLETION PRESERVE DISABLE COMMENT 'Ends the enrollments whose access has ended' DO BEGIN
    IF GET_LOCK(SHA2(CONCAT('expire_access.', DATABASE()), 256), 0) THEN
      CALL expire_access(@expired);
      DO RELEASE_LOCK(SHA2(CONCAT('expire_access.', DATABASE()), 256));
    END IF;
  END$$
DELIMITER ;

DELIMITER $$
CREATE EVENT `fold_counters` ON SCHEDULE EVERY 1 SECOND ON COMPLETION PRESERVE ENABLE COMMENT 'Keeps the counters at most a second old' DO BEGIN
    IF GET_LOCK(SHA2(CONCAT('fold_counters.', DATABASE()), 256), 0) THEN
      SET SESSION innodb_lock_wait_timeout = 1;
      CALL fold_counters();
      DO RELEASE_LOCK(SHA2(CONCAT('fold_counters.', DATABASE()), 256));
    END IF;
  END$$
DELIMITER ;

DELIMITER $$
CREATE EVENT `maintain_partitions` ON SCHEDULE EVERY 1 DAY STARTS '2025-01-01 03:30:00' ON COMPLETION PRESERVE DISABLE COMMENT 'Keeps two coming years and the last ten in the history' DO BEGIN
    IF GET_LOCK(SHA2(CONCAT('maintain_partitions.', DATABASE()), 256), 0) THEN
      CALL maintain_partitions(2, 10);
      DO RELEASE_LOCK(SHA2(CONCAT('maintain_partitions.', DATABASE()), 256));
    END IF;
  END$$
DELIMITER ;

DELIMITER $$
CREATE EVENT `reconcile_pending_payments` ON SCHEDULE EVERY 5 MINUTE ON COMPLETION PRESERVE DISABLE COMMENT 'Lets what is pending for half an hour expire' DO BEGIN
    IF GET_LOCK(SHA2(CONCAT('reconcile_pending_payments.', DATABASE()), 256), 0) THEN
      CALL reconcile_pending_payments(30, @expired);
      DO RELEASE_LOCK(SHA2(CONCAT('reconcile_pending_payments.', DATABASE()), 256));
    END IF;
  END$$
DELIMITER ;

DELIMITER $$
CREATE EVENT `refresh_star` ON SCHEDULE EVERY 1 DAY STARTS '2025-01-01 00:20:00' ON COMPLETION PRESERVE DISABLE COMMENT 'Builds yesterday''s facts' DO BEGIN
    IF GET_LOCK(SHA2(CONCAT('refresh_star.', DATABASE()), 256), 0) THEN
      CALL refresh_star(UTC_DATE() - INTERVAL 1 DAY);
      DO RELEASE_LOCK(SHA2(CONCAT('refresh_star.', DATABASE()), 256));
    END IF;
  END$$
DELIMITER ;

DELIMITER $$
CREATE EVENT `renew_due_subscriptions` ON SCHEDULE EVERY 1 HOUR ON COMPLETION PRESERVE DISABLE COMMENT 'Renews what is due' DO BEGIN
    IF GET_LOCK(SHA2(CONCAT('renew_due_subscriptions.', DATABASE()), 256), 0) THEN
      CALL renew_due_subscriptions(UTC_DATE(), @renewed, @failed);
      DO RELEASE_LOCK(SHA2(CONCAT('renew_due_subscriptions.', DATABASE()), 256));
    END IF;
  END$$
DELIMITER ;

DELIMITER $$
CREATE EVENT `summarize_daily_revenue` ON SCHEDULE EVERY 1 DAY STARTS '2025-01-01 00:10:00' ON COMPLETION PRESERVE DISABLE COMMENT 'Writes down yesterday''s figures' DO BEGIN
    IF GET_LOCK(SHA2(CONCAT('summarize_daily_revenue.', DATABASE()), 256), 0) THEN
      CALL summarize_daily_revenue(UTC_DATE() - INTERVAL 1 DAY);
      DO RELEASE_LOCK(SHA2(CONCAT('summarize_daily_revenue.', DATABASE()), 256));
    END IF;
  END$$
DELIMITER ;
