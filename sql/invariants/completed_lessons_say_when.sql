-- A lesson or section is completed exactly when it says since when.
-- along: lesson_progress.progress_id, section_progress.progress_id
SELECT 'lesson_progress' AS progress_of, progress_id, completed, completed_at
  FROM lesson_progress
 WHERE progress_id BETWEEN @first AND @last AND completed <> (completed_at IS NOT NULL)
UNION ALL
SELECT 'section_progress', progress_id, completed, completed_at
  FROM section_progress
 WHERE progress_id BETWEEN @first AND @last AND completed <> (completed_at IS NOT NULL);
