-- Lessons, the sections of some, and quizzes. Ids follow from each other: lesson 10102 is the second of course 101,
-- section 1010203 its third.

INSERT INTO lessons (lesson_id, course_id, order_index, title, duration_minutes, video_url)
SELECT course_id * 100 + order_index, course_id, order_index, title, minutes,
       CONCAT('https://video.example.org/', course_id, '/', order_index)
  FROM (VALUES
    ROW(101, 1, 'Tables and rows', 20),            ROW(101, 2, 'Asking for what you need', 25),
    ROW(101, 3, 'Joins', 40),                      ROW(101, 4, 'Groups and totals', 35),
    ROW(101, 5, 'NULL and other surprises', 30),   ROW(101, 6, 'Checking your answer', 25),
    ROW(102, 1, 'What a table is about', 25),      ROW(102, 2, 'Keys', 30),
    ROW(102, 3, 'One fact, one place', 45),        ROW(102, 4, 'Many to many', 35),
    ROW(102, 5, 'Rules the database keeps', 40),   ROW(102, 6, 'Changing a design in use', 45),
    ROW(103, 1, 'Reading a plan', 45),             ROW(103, 2, 'Indexes that help', 50),
    ROW(103, 3, 'Indexes that hurt', 30),          ROW(103, 4, 'Rewriting a query', 50),
    ROW(103, 5, 'Measuring the difference', 35),
    ROW(104, 1, 'Your first program', 20),         ROW(104, 2, 'Names and values', 25),
    ROW(104, 3, 'Decisions', 25),                  ROW(104, 4, 'Loops', 30),
    ROW(104, 5, 'Lists and dictionaries', 40),     ROW(104, 6, 'Functions', 40),
    ROW(104, 7, 'Reading and writing files', 35),  ROW(104, 8, 'A program for yourself', 60),
    ROW(105, 1, 'Looking before touching', 25),    ROW(105, 2, 'Dates', 40),
    ROW(105, 3, 'Text that is nearly the same', 40), ROW(105, 4, 'Missing values', 35),
    ROW(105, 5, 'A cleaning script that explains itself', 50),
    ROW(106, 1, 'What an average hides', 25),      ROW(106, 2, 'Spread', 30),
    ROW(106, 3, 'Samples', 35),                    ROW(106, 4, 'Signal and noise', 40),
    ROW(106, 5, 'Two things that move together', 35), ROW(106, 6, 'Reading a study', 40),
    ROW(107, 1, 'Start with the question', 20),    ROW(107, 2, 'Five charts and what they say', 40),
    ROW(107, 3, 'Less ink', 25),                   ROW(107, 4, 'Colour', 30),
    ROW(108, 1, 'Making room for it', 15),         ROW(108, 2, 'Notes that you read again', 15),
    ROW(108, 3, 'Asking for help', 10),            ROW(108, 4, 'Week three', 15),
    ROW(109, 1, 'Put the mouse away', 45),         ROW(109, 2, 'What a screen reader says', 60),
    ROW(109, 3, 'Contrast and size', 30),          ROW(109, 4, 'Forms', 60),
    ROW(109, 5, 'Testing with people', 90),
    ROW(110, 1, 'From script to service', 90),     ROW(110, 2, 'Files, queues, tables', 90),
    ROW(110, 3, 'Doing it twice without harm', 120), ROW(110, 4, 'Late and broken data', 90),
    ROW(110, 5, 'Schedules', 60),                  ROW(110, 6, 'Watching it run', 60),
    ROW(110, 7, 'What it costs', 45),              ROW(110, 8, 'Your pipeline', 240),
    ROW(111, 1, 'What your time is worth', 20),    ROW(111, 2, 'The first offer', 25),
    ROW(111, 3, 'The friendly no', 20),            ROW(111, 4, 'Getting paid', 20),
    ROW(112, 1, 'Cells and formulas', 20),         ROW(112, 2, 'Sorting and filtering', 20),
    ROW(112, 3, 'Pivot tables', 30),               ROW(112, 4, 'One macro', 30)
  ) AS lesson (course_id, order_index, title, minutes);

UPDATE lessons SET content = 'Watch the video, then try it on the practice data. Write down what surprised you.'
 WHERE course_id BETWEEN 101 AND 112;

INSERT INTO lesson_sections (section_id, lesson_id, order_index, type, title, duration_minutes, content)
SELECT lesson_id * 100 + order_index, lesson_id, order_index, type, title, minutes, content
  FROM (VALUES
    ROW(10101, 1, 'video',       'A shop in three tables',      8, NULL),
    ROW(10101, 2, 'text',        'Words we will use',           5, 'A row is a thing, a column what is said of it.'),
    ROW(10101, 3, 'quiz',        'Row, column or table?',       7, NULL),
    ROW(10102, 1, 'video',       'SELECT and WHERE',           10, NULL),
    ROW(10102, 2, 'text',        'And, or, and brackets',       5, 'When in doubt, write the brackets.'),
    ROW(10102, 3, 'assignment',  'Ten questions to the shop',  10, 'Answer each with one query.'),
    ROW(10401, 1, 'text',        'Installing Python',           8, 'Three ways, pick the first that works for you.'),
    ROW(10401, 2, 'video',       'Hello',                       5, NULL),
    ROW(10401, 3, 'assignment',  'Make it greet you by name',   7, 'Change one line, run it, change it back.'),
    ROW(10703, 1, 'video',       'The same chart five times',  10, NULL),
    ROW(10703, 2, 'assignment',  'Take away ten things',       15, 'Start from the chart in the folder.'),
    ROW(10901, 1, 'text',        'The keys that matter',       15, 'Tab, Shift Tab, Enter, Space, the arrows, Escape.'),
    ROW(10901, 2, 'assignment',  'Book a train by keyboard',   30, 'Note every place where you got stuck.')
  ) AS section (lesson_id, order_index, type, title, minutes, content);

INSERT INTO quizzes (quiz_id, lesson_id, title, passing_score) VALUES
  (1010301, 10103, 'Which join is it?', 60),
  (1010601, 10106, 'SQL for Analysts: final quiz', 70),
  (1020601, 10206, 'Design a small library', 70),
  (1030501, 10305, 'Before and after', 75),
  (1040501, 10405, 'List or dictionary?', 60),
  (1040801, 10408, 'Python First Steps: final quiz', 70),
  (1050501, 10505, 'Clean this file', 70),
  (1060401, 10604, 'Signal or noise?', 60),
  (1070401, 10704, 'Name that chart', 50),
  (1090501, 10905, 'Your test report', 80);
