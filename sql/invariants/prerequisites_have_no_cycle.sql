-- No course is its own prerequisite, over whatever number of steps.
WITH RECURSIVE required (course_id, prerequisite_course_id) AS (
  SELECT course_id, prerequisite_course_id FROM course_prerequisites
  UNION
  SELECT required.course_id, further.prerequisite_course_id
    FROM required
    JOIN course_prerequisites further ON further.course_id = required.prerequisite_course_id
)
SELECT course_id FROM required WHERE course_id = prerequisite_course_id;
