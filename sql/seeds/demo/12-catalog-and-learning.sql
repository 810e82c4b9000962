-- The catalog arranged, a price that went up and came down again, wishes, certificates, a new subscription, an access
-- that has ended (expire_access finds it), and somebody forgotten.

INSERT INTO categories (category_id, parent_id, name) VALUES
  (201, NULL, 'Data'), (202, NULL, 'Programming'), (203, NULL, 'Work & Study'),
  (204, 201, 'Databases'), (205, 201, 'Analysis'), (206, 205, 'Statistics'), (207, 205, 'Visualisation'),
  (208, 202, 'Python'), (209, 202, 'Web'), (210, 202, 'Pipelines');

INSERT INTO course_categories (course_id, category_id) VALUES
  (101, 204), (101, 205), (102, 204), (103, 204), (104, 208), (105, 208), (105, 205), (106, 206), (107, 207), (108, 203),
  (109, 209), (110, 210), (110, 208), (111, 203), (112, 205);

-- Pipelines are about data: the category moves there, its course with it.
CALL move_category(210, 201);

UPDATE courses SET price = 599.00 WHERE course_id = 110;
CALL bulk_discount(210, 10, 50.00, @changed);

INSERT INTO wishlist_items (student_id, course_id, added_at)
SELECT student_id, course_id, UTC_TIMESTAMP(6) - INTERVAL days_ago DAY
  FROM (VALUES
    ROW(1012, 103, 40), ROW(1012, 110, 3), ROW(1015, 102, 21), ROW(1024, 109, 9), ROW(1031, 105, 2), ROW(1036, 110, 30),
    ROW(1050, 106, 1)
  ) AS wish (student_id, course_id, days_ago);

UPDATE certificates
  JOIN enrollments USING (enrollment_id)
   SET issued_at = completed_at
 WHERE student_id BETWEEN 1011 AND 1050;

CALL submit_quiz_attempt(1011, (SELECT MIN(quiz_id) FROM quizzes JOIN lessons USING (lesson_id) WHERE course_id = 101), 92, @passed);

CALL subscribe(1050, 'monthly', 'demo-1050', @subscription_id, @status);

UPDATE course_access
   SET access_expires_at = UTC_TIMESTAMP(6) - INTERVAL 1 DAY
 WHERE student_id = 1034 AND course_id = 104;

CALL erase_user(1041, 'ruta.kalnina', 'Asked for it by mail, after the account was closed.');
