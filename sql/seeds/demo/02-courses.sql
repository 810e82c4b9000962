-- Twelve courses: one free, one with eight seats, one still a draft, one that will be archived.

INSERT INTO courses
       (course_id, instructor_id, level, price, max_students, status, title, description, thumbnail_url, created_at)
SELECT course_id, instructor_id, level, price, max_students, status, title, description,
       CONCAT('https://img.example.org/courses/', course_id, '.jpg'), UTC_TIMESTAMP(6) - INTERVAL days_old DAY
  FROM (VALUES
    ROW(101, 1001, 'beginner',      49.99, NULL, 'active', 400, 'SQL for Analysts',
        'Ask a database your own questions: filters, joins, groups, and how to tell when the answer is wrong.'),
    ROW(102, 1001, 'intermediate',  79.00, NULL, 'active', 360, 'Database Design from Scratch',
        'From a messy spreadsheet to tables that cannot contradict themselves.'),
    ROW(103, 1001, 'advanced',     119.00, NULL, 'active', 310, 'Query Tuning in Practice',
        'Read a plan, find the slow step, fix it, prove it. Bring a query of your own.'),
    ROW(104, 1002, 'beginner',      39.00, NULL, 'active', 395, 'Python First Steps',
        'For people who have never programmed. Ends with a program you will really use.'),
    ROW(105, 1002, 'intermediate',  69.00, NULL, 'active', 340, 'Data Cleaning with Python',
        'Dates in five formats, names with stray spaces, columns that moved: make a file fit to use.'),
    ROW(106, 1003, 'beginner',      59.00, NULL, 'active', 370, 'Statistics Without Fear',
        'What an average hides, what a sample can tell, and when a difference is only noise.'),
    ROW(107, 1003, 'intermediate',  45.00, NULL, 'active', 280, 'Charts that Explain',
        'Choose the chart by the question, take away what distracts, label what matters.'),
    ROW(108, 1005, 'beginner',       0.00, NULL, 'active', 290, 'How to Learn Online',
        'A free hour on planning, taking notes and not giving up in week three.'),
    ROW(109, 1004, 'intermediate', 149.00,    8, 'active', 250, 'Web Accessibility Workshop',
        'A small group rebuilds a page until it works with a keyboard, a screen reader and one hand.'),
    ROW(110, 1002, 'advanced',     549.00, NULL, 'active', 230, 'Data Engineering Bootcamp',
        'Eight weeks from a cron job to a pipeline that can be stopped anywhere and loses nothing.'),
    ROW(111, 1005, 'beginner',      35.00, NULL, 'draft',   25, 'Negotiating as a Freelancer',
        'Prices, deadlines and the friendly no. In the making.'),
    ROW(112, 1005, 'beginner',      25.00, NULL, 'active', 295, 'Spreadsheets in a Week',
        'Formulas, pivot tables and one macro, a little every day.')
  ) AS course (course_id, instructor_id, level, price, max_students, status, days_old, title, description);

INSERT INTO course_prerequisites (course_id, prerequisite_course_id) VALUES (102, 101), (103, 102), (105, 104);

INSERT INTO course_tags (course_id, tag) VALUES
  (101, 'sql'), (101, 'data analysis'), (102, 'sql'), (102, 'modelling'), (103, 'sql'), (103, 'performance'),
  (104, 'python'), (104, 'programming'), (105, 'python'), (105, 'data analysis'), (106, 'statistics'),
  (106, 'data analysis'), (107, 'visualisation'), (107, 'data analysis'), (108, 'study skills'), (109, 'web'),
  (109, 'accessibility'), (110, 'python'), (110, 'pipelines'), (111, 'business'), (112, 'spreadsheets');
