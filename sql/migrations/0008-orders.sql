-- Carts, promotions and orders, and the seats that a purchase or an order holds until its gateway answers.

CREATE TABLE carts (
  cart_id     BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which cart',
  user_id     BIGINT UNSIGNED NOT NULL COMMENT 'Whose',
  created_at  DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  PRIMARY KEY (cart_id),
  KEY carts_of_user (user_id),
  CONSTRAINT a_cart_belongs_to_a_user FOREIGN KEY (user_id) REFERENCES users (user_id)
) COMMENT 'What somebody is about to order';

CREATE TABLE cart_items (
  cart_id    BIGINT UNSIGNED NOT NULL COMMENT 'Which cart',
  course_id  BIGINT UNSIGNED NOT NULL COMMENT 'What lies in it; bought, it leaves the cart',
  added_at   DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  PRIMARY KEY (cart_id, course_id),
  KEY carts_with_course (course_id),
  CONSTRAINT a_cart_item_lies_in_a_cart FOREIGN KEY (cart_id) REFERENCES carts (cart_id),
  CONSTRAINT a_cart_item_is_a_course FOREIGN KEY (course_id) REFERENCES courses (course_id)
) COMMENT 'Courses in carts, each once';

CREATE TABLE promotions (
  promotion_id   BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which promotion',
  code           VARCHAR(50)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'What the buyer types',
  discount_type  ENUM('percentage','fixed_amount') NOT NULL DEFAULT 'percentage' COMMENT 'What amount means',
  amount         DECIMAL(10,2)   NOT NULL COMMENT 'Percent, or USD off what it applies to',
  min_purchase   DECIMAL(10,2)   NOT NULL DEFAULT 0 COMMENT 'The whole order must be worth this, USD, before discount and tax',
  max_uses       INT UNSIGNED    NULL     COMMENT 'In total; NULL: no limit',
  uses_count     INT UNSIGNED    NOT NULL DEFAULT 0 COMMENT 'Rows of promotion_uses; exact, by trigger',
  per_customer   INT UNSIGNED    NULL     COMMENT 'Uses by one buyer; NULL: no limit',
  valid_from     DATETIME(6)     NULL     COMMENT 'UTC, first moment; NULL: always was',
  valid_until    DATETIME(6)     NULL     COMMENT 'UTC, last moment; NULL: for good',
  is_active      BOOLEAN         NOT NULL DEFAULT TRUE COMMENT 'FALSE: switched off',
  course_id      BIGINT UNSIGNED NULL     COMMENT 'Only this course',
  category_id    BIGINT UNSIGNED NULL     COMMENT 'Only courses of this category and those below it',
  created_at     DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  updated_at     DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC, by trigger; a use does not move it',
  created_by     VARCHAR(288)    NOT NULL DEFAULT (USER()) COMMENT 'Database account',
  updated_by     VARCHAR(288)    NOT NULL DEFAULT (USER()) COMMENT 'Database account, by trigger',
  PRIMARY KEY (promotion_id),
  UNIQUE KEY one_promotion_per_code (code),
  KEY promotions_of_course (course_id),
  KEY promotions_of_category (category_id),
  CONSTRAINT a_promotion_is_of_a_course FOREIGN KEY (course_id) REFERENCES courses (course_id),
  CONSTRAINT a_code_has_no_question_mark CHECK (code NOT LIKE '%?%'),
  CONSTRAINT a_promotion_gives_something CHECK (amount > 0),
  CONSTRAINT a_percentage_is_at_most_all CHECK (discount_type <> 'percentage' OR amount <= 100),
  CONSTRAINT a_minimum_is_not_negative CHECK (min_purchase >= 0),
  CONSTRAINT a_promotion_ends_after_it_starts CHECK (valid_until > valid_from),
  CONSTRAINT a_promotion_is_of_a_course_or_a_category CHECK (course_id IS NULL OR category_id IS NULL)
) COMMENT 'Codes that make an order cheaper: everywhere, for a course, or for a category';

CREATE TABLE orders (
  order_id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which order',
  user_id          BIGINT UNSIGNED NOT NULL COMMENT 'Who buys',
  promotion_id     BIGINT UNSIGNED NULL     COMMENT 'The promotion it was placed with',
  status           ENUM('pending_payment','confirmed','payment_failed','cancelled','refunded') NOT NULL DEFAULT 'pending_payment' COMMENT 'cancelled: nobody answered in time',
  subtotal         DECIMAL(12,2)   NOT NULL DEFAULT 0 COMMENT 'USD, sum of the unit prices',
  discount_amount  DECIMAL(12,2)   NOT NULL DEFAULT 0 COMMENT 'USD, off the subtotal',
  tax_amount       DECIMAL(12,2)   NOT NULL DEFAULT 0 COMMENT 'USD, policy tax_percent of subtotal less discount',
  total            DECIMAL(12,2)   NOT NULL DEFAULT 0 COMMENT 'USD, what is paid',
  failure_reason   VARCHAR(500)    NULL     COMMENT 'Why it failed, in somebody''s words (personal)',
  created_at       DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  PRIMARY KEY (order_id),
  KEY orders_of_user (user_id, created_at),
  KEY orders_with_promotion (promotion_id),
  KEY orders_by_status (status, created_at),
  CONSTRAINT an_order_is_by_a_user FOREIGN KEY (user_id) REFERENCES users (user_id),
  CONSTRAINT an_order_uses_a_promotion FOREIGN KEY (promotion_id) REFERENCES promotions (promotion_id),
  CONSTRAINT a_total_adds_up CHECK (total = subtotal - discount_amount + tax_amount),
  CONSTRAINT a_discount_is_at_most_the_subtotal CHECK (discount_amount BETWEEN 0 AND subtotal),
  CONSTRAINT a_tax_is_not_negative CHECK (tax_amount >= 0)
) COMMENT 'Several courses bought at once; amounts never change, every status is an event';

CREATE TABLE order_items (
  order_id         BIGINT UNSIGNED NOT NULL COMMENT 'Which order',
  course_id        BIGINT UNSIGNED NOT NULL COMMENT 'What',
  unit_price       DECIMAL(10,2)   NOT NULL COMMENT 'USD, the price when the order was placed',
  discount_amount  DECIMAL(10,2)   NOT NULL DEFAULT 0 COMMENT 'USD, its part of the order''s discount',
  tax_amount       DECIMAL(10,2)   NOT NULL DEFAULT 0 COMMENT 'USD, its part of the order''s tax',
  amount           DECIMAL(10,2)   AS (unit_price - discount_amount + tax_amount) STORED COMMENT 'USD, what is charged for it',
  PRIMARY KEY (order_id, course_id),
  KEY orders_of_course (course_id),
  CONSTRAINT an_item_belongs_to_an_order FOREIGN KEY (order_id) REFERENCES orders (order_id),
  CONSTRAINT an_item_is_a_course FOREIGN KEY (course_id) REFERENCES courses (course_id),
  CONSTRAINT a_unit_price_is_not_negative CHECK (unit_price >= 0),
  CONSTRAINT an_items_discount_is_at_most_its_price CHECK (discount_amount BETWEEN 0 AND unit_price),
  CONSTRAINT an_items_tax_is_not_negative CHECK (tax_amount >= 0)
) COMMENT 'The parts of an order; they add up to it';

CREATE TABLE order_events (
  event_id     BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Which event',
  order_id     BIGINT UNSIGNED NOT NULL COMMENT 'Of which order',
  from_status  ENUM('pending_payment','confirmed','payment_failed','cancelled','refunded') NULL COMMENT 'Before; NULL: it was placed',
  to_status    ENUM('pending_payment','confirmed','payment_failed','cancelled','refunded') NOT NULL DEFAULT 'pending_payment' COMMENT 'After',
  created_at   DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  PRIMARY KEY (event_id),
  KEY events_of_order (order_id),
  CONSTRAINT an_event_is_of_an_order FOREIGN KEY (order_id) REFERENCES orders (order_id)
) COMMENT 'Every status of every order, in order; append-only, written by triggers';

CREATE TABLE promotion_uses (
  promotion_id  BIGINT UNSIGNED NOT NULL COMMENT 'Which promotion',
  order_id      BIGINT UNSIGNED NOT NULL COMMENT 'In which order; a failed order gives its use back',
  user_id       BIGINT UNSIGNED NOT NULL COMMENT 'By whom',
  used_at       DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  PRIMARY KEY (promotion_id, order_id),
  UNIQUE KEY one_promotion_per_order (order_id),
  KEY uses_by_customer (promotion_id, user_id),
  KEY promotions_used_by_user (user_id),
  CONSTRAINT a_use_is_of_a_promotion FOREIGN KEY (promotion_id) REFERENCES promotions (promotion_id),
  CONSTRAINT a_use_is_in_an_order FOREIGN KEY (order_id) REFERENCES orders (order_id),
  CONSTRAINT a_use_is_by_a_user FOREIGN KEY (user_id) REFERENCES users (user_id)
) COMMENT 'Who used which promotion; its limits are decided on these rows';

ALTER TABLE payments
  ADD COLUMN course_id BIGINT UNSIGNED NULL COMMENT 'What it is for, where that is not told by an enrollment yet',
  ADD COLUMN answers   BIGINT UNSIGNED NULL COMMENT 'The payment that this money came for too late or a second time',
  ADD COLUMN reason    VARCHAR(500)    NULL COMMENT 'Why it failed or was given back, in somebody''s words (personal)',
  ADD KEY payments_of_order (order_id),
  ADD KEY payments_for_course (course_id),
  ADD KEY late_answers (answers),
  ADD KEY payments_by_status (status, created_at),
  ADD CONSTRAINT a_charge_is_for_an_order FOREIGN KEY (order_id) REFERENCES orders (order_id),
  ADD CONSTRAINT a_charge_is_for_a_course FOREIGN KEY (course_id) REFERENCES courses (course_id),
  ADD CONSTRAINT a_late_answer_names_its_payment FOREIGN KEY (answers) REFERENCES payments (payment_id),
  ADD CONSTRAINT only_a_charge_answers CHECK (kind = 'charge' OR answers IS NULL);

CREATE TABLE seat_holds (
  student_id  BIGINT UNSIGNED NOT NULL COMMENT 'For whom',
  course_id   BIGINT UNSIGNED NOT NULL COMMENT 'A seat of what',
  payment_id  BIGINT UNSIGNED NULL     COMMENT 'The pending payment that holds it',
  order_id    BIGINT UNSIGNED NULL     COMMENT 'The pending order that holds it',
  held_at     DATETIME(6)     NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
  PRIMARY KEY (student_id, course_id),
  UNIQUE KEY one_hold_per_payment (payment_id),
  KEY holds_of_order (order_id),
  KEY holds_on_course (course_id),
  CONSTRAINT a_seat_is_held_for_a_student FOREIGN KEY (student_id) REFERENCES users (user_id),
  CONSTRAINT a_held_seat_is_of_a_course FOREIGN KEY (course_id) REFERENCES courses (course_id),
  CONSTRAINT a_seat_is_held_by_a_payment FOREIGN KEY (payment_id) REFERENCES payments (payment_id),
  CONSTRAINT a_seat_is_held_by_an_order FOREIGN KEY (order_id) REFERENCES orders (order_id),
  CONSTRAINT a_hold_is_of_a_payment_or_an_order CHECK ((payment_id IS NULL) <> (order_id IS NULL))
) COMMENT 'Seats taken by what is not paid yet: one per student and course; triggers count them in course_seats';

ALTER TABLE course_seats
  MODIFY seats_taken INT NOT NULL DEFAULT 0 COMMENT 'Enrollments in force, held seats, and what running flash sales have set aside; exact';

INSERT INTO policies (name, value, description) VALUES
  ('tax_percent', 0, 'Percent added to an order, after discounts');

INSERT INTO error_catalogue (errno, name, message, mend) VALUES
  (30025, 'NO_SUCH_PAYMENT',        'there is no charge {}',                       'check the id'),
  (30026, 'ILLEGAL_PAYMENT_STATUS', 'a payment cannot go from {}',                 'only pending to completed or failed, completed to refunded'),
  (30027, 'NO_SUCH_CART',           'there is no cart {}',                         'check the id'),
  (30028, 'NO_SUCH_ORDER',          'there is no order {}',                        'check the id'),
  (30029, 'ILLEGAL_ORDER_STATUS',   'an order cannot go from {}',                  'open to confirmed, failed or cancelled; confirmed to refunded'),
  (30030, 'ENROLLMENT_PAID_FOR',    'payment {} paid for an enrollment',           'refund the enrollment with process_refund'),
  (30031, 'NOT_ALL_EXPIRED',        '{} pending payments or orders did not expire', 'the others did; run it again');
