-- How many lessons of a course each of its students in force has completed.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW course_progress AS
SELECT enrollment.student_id,
       enrollment.course_id,
       course.title AS course_title,
       lessons.total_lessons,
       lessons.completed_lessons,
       CAST(COALESCE(100 * lessons.completed_lessons / NULLIF(lessons.total_lessons, 0), 0) AS DECIMAL(5,2)) AS completion_percentage
  FROM enrollments enrollment
  JOIN courses course ON course.course_id = enrollment.course_id
  JOIN LATERAL (
       SELECT COUNT(*) AS total_lessons, CAST(COALESCE(SUM(done.completed), 0) AS SIGNED) AS completed_lessons
         FROM lessons lesson
         LEFT JOIN lesson_progress done
           ON done.student_id = enrollment.student_id AND done.lesson_id = lesson.lesson_id
        WHERE lesson.course_id = enrollment.course_id) lessons
 WHERE enrollment.in_force = 1;
