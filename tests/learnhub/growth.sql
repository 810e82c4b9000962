-- Brings a school to @size enrollments, a fifth of them in @course, with everything that belongs to them. Ids begin at
-- @first; the table numbers holds 0 to @size - 1. A student for every five enrollments, a course for every 25, an
-- instructor for every 50.

INSERT INTO users (user_id, name, email)
SELECT @first + n, CONCAT('S', n), CONCAT('s', n, '@example.org') FROM numbers WHERE n < @size / 5;

INSERT INTO users (user_id, name, email, user_type)
SELECT 2 * @first + n, CONCAT('I', n), CONCAT('i', n, '@example.org'), 'instructor' FROM numbers WHERE n < @size / 50;

INSERT INTO courses (course_id, instructor_id, title, description, price, status)
SELECT @first + n, 2 * @first + n DIV 2, CONCAT('Course ', n), 'of many', 20,
       COALESCE(ELT(n MOD 9, 'draft', 'archived'), 'active')
  FROM numbers WHERE n < @size / 25;

INSERT INTO categories (category_id, name)
SELECT @first + n, CONCAT('Category ', n) FROM numbers WHERE n < 20;

INSERT INTO course_categories (course_id, category_id)
SELECT @first + n, @first + n MOD 20 FROM numbers WHERE n < @size / 25;

INSERT INTO course_tags (course_id, tag)
SELECT @first + n, CONCAT('tag', n DIV 5) FROM numbers WHERE n < @size / 25;

INSERT INTO course_prerequisites (course_id, prerequisite_course_id)
SELECT @first + n, @first + n - 1 FROM numbers WHERE n < @size / 25 AND n MOD 10 > 0;

INSERT INTO lessons (lesson_id, course_id, title)
SELECT @first + n, @first + n DIV 4, 'Lesson' FROM numbers WHERE n < 4 * (@size DIV 25);

INSERT INTO lesson_sections (section_id, lesson_id, title)
SELECT @first + n, @first + n DIV 2, 'Section' FROM numbers WHERE n < 8 * (@size DIV 25);

INSERT INTO quizzes (quiz_id, lesson_id, title)
SELECT @first + n, @first + n, 'Quiz' FROM numbers WHERE n < 4 * (@size DIV 25);

INSERT INTO enrollments
       (enrollment_id, student_id, course_id, enrolled_at, status, progress_percentage, completed_at)
SELECT @first + n, @first + n DIV 5,
       IF(n MOD 5 = 0, @course, @first + (n DIV 5 + 3 * (n MOD 5)) MOD (@size DIV 25)),
       @now - INTERVAL (n * 37) MOD 400000 MINUTE,
       CASE n MOD 20 WHEN 1 THEN 'completed' WHEN 2 THEN 'refunded' WHEN 3 THEN 'expired' ELSE 'active' END,
       IF(n MOD 20 = 1, 100, 0), IF(n MOD 20 = 1, @now, NULL)
  FROM numbers WHERE n < @size;

INSERT INTO course_access (student_id, course_id, access_expires_at, has_ended)
SELECT student_id, course_id,
       IF(status IN ('expired', 'completed'), @now - INTERVAL 90 DAY, @now + INTERVAL 1 + enrollment_id MOD 300 DAY),
       status IN ('expired', 'completed')
  FROM enrollments WHERE enrollment_id >= @first;

INSERT INTO lesson_progress (student_id, lesson_id, completed, completed_at)
SELECT @first + n DIV 5, @first + n MOD (@size DIV 25 * 4), TRUE, @now FROM numbers WHERE n < @size;

INSERT INTO quiz_attempts (student_id, quiz_id, score)
SELECT @first + n, @first + n MOD (@size DIV 25 * 4), 50 FROM numbers WHERE n < @size / 5;

-- Every third payment stands in the history.
INSERT INTO payments (payment_id, user_id, enrollment_id, amount, status, transaction_id, created_at)
SELECT enrollment_id, student_id, enrollment_id, 20, IF(status = 'refunded', 'refunded', 'completed'),
       CONCAT('ch_', enrollment_id), enrolled_at
  FROM enrollments WHERE enrollment_id >= @first AND enrollment_id MOD 3 > 0;

INSERT INTO payments (user_id, enrollment_id, kind, amount, status, transaction_id, refund_of)
SELECT user_id, enrollment_id, 'refund', -amount, 'refunded', CONCAT('refund_', transaction_id), payment_id
  FROM payments WHERE payment_id >= @first AND status = 'refunded';

INSERT INTO payments (user_id, course_id, amount, status, created_at)
SELECT @first + n, @course, 20, 'failed', @now - INTERVAL n HOUR FROM numbers WHERE n < @size / 10;

INSERT INTO payment_events (payment_id, event_type)
SELECT payment_id, 'initiated' FROM payments WHERE payment_id >= @first;

INSERT INTO payments_history
       (payment_id, charged_at, user_id, enrollment_id, amount, status, created_at, processed_at)
SELECT enrollment_id, charged, student_id, enrollment_id, 20, 'completed', charged, charged
  FROM (SELECT *, '2024-06-01' - INTERVAL enrollment_id * 37 MOD 200000 MINUTE AS charged
          FROM enrollments WHERE enrollment_id >= @first AND enrollment_id MOD 3 = 0) past;

INSERT INTO payment_events_history (event_id, charged_at, payment_id)
SELECT payment_id, charged_at, payment_id FROM payments_history;

INSERT INTO subscriptions (subscription_id, user_id, plan_type, start_date, current_period_end, next_billing_date)
SELECT @first + n, @first + n, 'annual', '2025-06-01' - INTERVAL n MOD 100 DAY, @now + INTERVAL n + 1 DAY,
       @now + INTERVAL n + 1 DAY
  FROM numbers WHERE n < @size / 10;

INSERT INTO orders (order_id, user_id, status, created_at)
SELECT @first + n, @first + n, 'cancelled', @now - INTERVAL n HOUR FROM numbers WHERE n < @size / 10;

INSERT INTO carts (cart_id, user_id)
SELECT @first + n, @first + n FROM numbers WHERE n < @size / 10;

INSERT INTO cart_items (cart_id, course_id)
SELECT @first + n, @course FROM numbers WHERE n < @size / 10;

INSERT INTO wishlist_items (student_id, course_id)
SELECT @first + n, @course FROM numbers WHERE n < @size / 10;

INSERT INTO receipts (operation, receipt_key, outcome)
SELECT 'grown', n, '{}' FROM numbers WHERE n < @size;

INSERT INTO fraud_alerts (user_id, rule_id, status, created_at)
SELECT @first + n, 1, 'reviewed', @now - INTERVAL n HOUR FROM numbers WHERE n < @size / 10;

INSERT INTO flash_sales (sale_id, course_id, max_seats, discount_price, start_time, end_time)
SELECT @first + n, @first + n, 2, 1, '2024-01-01', '2024-01-02' FROM numbers WHERE n < @size / 50;

INSERT INTO reviews (student_id, course_id, rating, created_at)
SELECT student_id, course_id, 1 + enrollment_id MOD 5, @now - INTERVAL enrollment_id MOD 1000 HOUR
  FROM enrollments WHERE enrollment_id >= @first AND enrollment_id MOD 5 > 1;

CALL fold_counters();

CALL create_payouts(UTC_DATE(), @payouts);

-- What is not folded yet, of other courses.
UPDATE reviews SET rating = 6 - rating WHERE rating <> 3 AND course_id BETWEEN @first AND @first + 9;
