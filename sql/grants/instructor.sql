-- An instructor's own account sees the enrollments in that instructor's courses, and nothing else.

GRANT SELECT ON instructor_enrollments TO learnhub_instructor;
