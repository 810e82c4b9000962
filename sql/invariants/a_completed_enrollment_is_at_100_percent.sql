-- A completed enrollment is at 100 % and says since when; a refunded one is at 0 % and not completed.
-- along: enrollments.enrollment_id
SELECT enrollment_id, status, progress_percentage, completed_at
  FROM enrollments
 WHERE enrollment_id BETWEEN @first AND @last
   AND ((status = 'completed' AND (progress_percentage <> 100 OR completed_at IS NULL))
        OR (status = 'refunded' AND (progress_percentage <> 0 OR completed_at IS NOT NULL)));
