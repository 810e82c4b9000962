-- What the school's own people did, and the figures of the last days.

CALL archive_course(112, 'Replaced by a course on SQL; the videos show a version that nobody has any more.');
UPDATE archived_courses SET archived_at = UTC_TIMESTAMP(6) - INTERVAL 20 DAY WHERE course_id = 112;

UPDATE fraud_alerts
   SET status = 'false_positive', reviewed_by = 1006, reviewed_at = created_at + INTERVAL 2 HOUR
 WHERE user_id = 1047;

CALL soft_delete_user(1041, 'Asked for it by mail.');

CALL summarize_daily_revenue(UTC_DATE() - INTERVAL 7 DAY);
CALL summarize_daily_revenue(UTC_DATE() - INTERVAL 6 DAY);
CALL summarize_daily_revenue(UTC_DATE() - INTERVAL 5 DAY);
CALL summarize_daily_revenue(UTC_DATE() - INTERVAL 4 DAY);
CALL summarize_daily_revenue(UTC_DATE() - INTERVAL 3 DAY);
CALL summarize_daily_revenue(UTC_DATE() - INTERVAL 2 DAY);
CALL summarize_daily_revenue(UTC_DATE() - INTERVAL 1 DAY);
CALL summarize_daily_revenue(UTC_DATE());
