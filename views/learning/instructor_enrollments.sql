-- The enrollments in an instructor's own courses, and no others: the instructor is who is connected.
--
-- USER() is who logged in; CURRENT_USER() would be this view's definer. USER() has the host the connection came from,
-- the account a pattern: ann@localhost logged in as the account ann@%.
--
-- Tables stand in the order in which SELECT STRAIGHT_JOIN reads a page of one course, newest first. The index by day looks
-- tempting for that, and would go through everybody's enrollments.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW instructor_enrollments AS
SELECT enrollment.enrollment_id,
       enrollment.student_id,
       student.name AS student_name,
       student.email AS student_email,
       enrollment.enrolled_at,
       enrollment.progress_percentage,
       enrollment.course_id,
       course.instructor_id
  FROM enrollments enrollment IGNORE INDEX (enrollments_by_day)
  JOIN courses course ON course.course_id = enrollment.course_id
  JOIN instructor_accounts account ON account.user_id = course.instructor_id
  JOIN users student ON student.user_id = enrollment.student_id
 WHERE account.account_name = CONVERT(LEFT(USER(), CHAR_LENGTH(USER()) - CHAR_LENGTH(SUBSTRING_INDEX(USER(), '@', -1)) - 1) USING utf8mb4) COLLATE utf8mb4_bin
   AND CONVERT(SUBSTRING_INDEX(USER(), '@', -1) USING utf8mb4) COLLATE utf8mb4_bin LIKE account.account_host;
