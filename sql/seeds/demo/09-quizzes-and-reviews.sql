-- What came out of the quizzes, and what students thought of the courses.

-- Whoever finished a quiz's lesson tried the quiz within the hour; the scores are scattered by the ids.
INSERT INTO quiz_attempts (student_id, quiz_id, score, attempt_date)
SELECT progress.student_id, quiz.quiz_id, 40 + MOD(progress.student_id * 37 + quiz.quiz_id * 11, 61),
       LEAST(progress.completed_at + INTERVAL 40 MINUTE, UTC_TIMESTAMP(6))
  FROM lesson_progress progress
  JOIN quizzes quiz USING (lesson_id)
 WHERE progress.completed AND progress.student_id BETWEEN 1011 AND 1050;

-- Whoever failed tried again the next day.
INSERT INTO quiz_attempts (student_id, quiz_id, score, attempt_date)
SELECT attempt.student_id, attempt.quiz_id, attempt.score + 25,
       LEAST(attempt.attempt_date + INTERVAL 1 DAY, UTC_TIMESTAMP(6))
  FROM quiz_attempts attempt
  JOIN quizzes quiz USING (quiz_id)
 WHERE attempt.score < quiz.passing_score AND attempt.student_id BETWEEN 1011 AND 1050;

INSERT INTO reviews (student_id, course_id, rating, comment, created_at)
SELECT review.student_id, review.course_id, review.rating, review.comment,
       LEAST(COALESCE(enrollment.completed_at + INTERVAL 5 HOUR, enrollment.enrolled_at + INTERVAL 6 DAY),
             UTC_TIMESTAMP(6))
  FROM (VALUES
    ROW(1011, 101, 5, 'I stopped asking colleagues for exports. The lesson on NULL alone was worth it.'),
    ROW(1014, 101, 5, 'Clear, short, and the exercises are about things a shop would ask.'),
    ROW(1016, 101, 4, 'Very good. I would have liked more on dates.'),
    ROW(1018, 101, 5, 'Finished it in two weeks of train rides.'),
    ROW(1023, 101, 4, 'Joins took me three tries, but the drawings helped.'),
    ROW(1025, 101, 5, NULL),
    ROW(1030, 101, 3, 'Solid, but the first two lessons are slow if you have seen a spreadsheet.'),
    ROW(1019, 101, 4, 'Good pace. The practice data could be larger.'),
    ROW(1015, 101, 2, 'Not for me: I wanted to learn reporting, not writing queries.'),
    ROW(1036, 101, 5, 'Answered at last why my totals were always too high.'),
    ROW(1011, 102, 5, 'Our stock list had four truths. Now it has one.'),
    ROW(1016, 102, 4, 'Demanding. The last lesson is the best one.'),
    ROW(1018, 102, 4, 'Half way through and already changed two tables at work.'),
    ROW(1011, 103, 5, 'I brought a query of nine seconds and left with one of forty milliseconds.'),
    ROW(1014, 104, 5, 'I had never programmed. My program sorts choir music now.'),
    ROW(1017, 104, 5, 'Patient and funny.'),
    ROW(1020, 104, 4, 'The step from lists to functions is steep, the rest is fine.'),
    ROW(1022, 104, 4, NULL),
    ROW(1037, 104, 3, 'Fine, but I would rather read than watch.'),
    ROW(1018, 104, 4, 'Good second course after SQL.'),
    ROW(1029, 104, 1, 'The installation did not work on my old laptop and nobody answered for a week.'),
    ROW(1034, 104, 5, NULL),
    ROW(1014, 105, 4, 'Dates in five formats: I felt seen.'),
    ROW(1022, 105, 5, 'Saved me a day in the first week.'),
    ROW(1016, 106, 5, 'The first statistics course I did not leave.'),
    ROW(1020, 106, 4, 'Gentle, honest about what numbers cannot say.'),
    ROW(1035, 106, 2, 'Too many examples from sport.'),
    ROW(1022, 107, 5, 'Threw away half of my slides afterwards.'),
    ROW(1032, 107, 4, 'Short and to the point.'),
    ROW(1029, 107, 3, 'Nice, but little on maps.'),
    ROW(1012, 108, 5, 'For free! I did the plan for week three and it held.'),
    ROW(1017, 108, 4, NULL),
    ROW(1038, 108, 3, 'Common sense, well told.'),
    ROW(1043, 108, 5, 'Should be the first course for everybody here.'),
    ROW(1026, 109, 5, 'Booking a train by keyboard made me angry, in a useful way.'),
    ROW(1021, 109, 4, 'Small group, much feedback. Plan more time than announced.'),
    ROW(1027, 112, 3, 'Does what it says. I expected more macros.')
  ) AS review (student_id, course_id, rating, comment)
  JOIN enrollments enrollment
    ON enrollment.student_id = review.student_id AND enrollment.course_id = review.course_id
   AND enrollment.in_force = 1;
