-- What the application may do: edit content, read the views, call the public procedures. Money, orders, enrollments,
-- progress, subscriptions and sales change only through procedures; counters are not its to write.

GRANT SELECT (user_id, name, email, user_type, password_hash, deleted_at, created_at, updated_at),
      INSERT (name, email, user_type, password_hash),
      UPDATE (name, email, password_hash) ON users TO learnhub_app;
GRANT SELECT, DELETE,
      INSERT (instructor_id, title, description, price, thumbnail_url, level, status, max_students),
      UPDATE (instructor_id, title, description, price, thumbnail_url, level, status, max_students) ON courses TO learnhub_app;
GRANT SELECT, DELETE,
      INSERT (course_id, title, content, video_url, duration_minutes, order_index),
      UPDATE (course_id, title, content, video_url, duration_minutes, order_index) ON lessons TO learnhub_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON lesson_sections TO learnhub_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON quizzes TO learnhub_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON course_tags TO learnhub_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON course_prerequisites TO learnhub_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON reviews TO learnhub_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON carts TO learnhub_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON cart_items TO learnhub_app;
GRANT SELECT, DELETE, INSERT (parent_id, name, slug), UPDATE (name) ON categories TO learnhub_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON course_categories TO learnhub_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON wishlist_items TO learnhub_app;
GRANT SELECT ON price_history TO learnhub_app;
GRANT SELECT ON policies TO learnhub_app;
GRANT SELECT ON certificates TO learnhub_app;
GRANT SELECT ON subscription_plans TO learnhub_app;
GRANT SELECT ON error_catalogue TO learnhub_app;

GRANT SELECT ON active_users TO learnhub_app;
GRANT SELECT ON course_catalog TO learnhub_app;
GRANT SELECT ON top_courses TO learnhub_app;
GRANT SELECT ON top_rated_courses TO learnhub_app;
GRANT SELECT ON flash_sale_status TO learnhub_app;
GRANT SELECT ON student_dashboard TO learnhub_app;
GRANT SELECT ON course_progress TO learnhub_app;
GRANT SELECT ON course_completers TO learnhub_app;
GRANT SELECT ON instructor_earnings TO learnhub_app;
GRANT SELECT ON v_payments_to_reconcile TO learnhub_app;
GRANT SELECT ON v_counter_drift TO learnhub_app;

GRANT EXECUTE ON PROCEDURE process_course_purchase TO learnhub_app;
GRANT EXECUTE ON PROCEDURE begin_purchase TO learnhub_app;
GRANT EXECUTE ON PROCEDURE complete_purchase TO learnhub_app;
GRANT EXECUTE ON PROCEDURE fail_purchase TO learnhub_app;
GRANT EXECUTE ON PROCEDURE process_refund TO learnhub_app;
GRANT EXECUTE ON PROCEDURE refund_payment TO learnhub_app;
GRANT EXECUTE ON PROCEDURE place_order TO learnhub_app;
GRANT EXECUTE ON PROCEDURE confirm_order TO learnhub_app;
GRANT EXECUTE ON PROCEDURE fail_order TO learnhub_app;
GRANT EXECUTE ON PROCEDURE enroll_in_flash_sale TO learnhub_app;
GRANT EXECUTE ON PROCEDURE check_fraud TO learnhub_app;
GRANT EXECUTE ON PROCEDURE enroll_student TO learnhub_app;
GRANT EXECUTE ON PROCEDURE check_enrollment_eligibility TO learnhub_app;
GRANT EXECUTE ON PROCEDURE record_progress TO learnhub_app;
GRANT EXECUTE ON PROCEDURE submit_quiz_attempt TO learnhub_app;
GRANT EXECUTE ON PROCEDURE subscribe TO learnhub_app;
GRANT EXECUTE ON PROCEDURE cancel_subscription TO learnhub_app;
GRANT EXECUTE ON PROCEDURE renew_subscription TO learnhub_app;
GRANT EXECUTE ON PROCEDURE archive_course TO learnhub_app;
GRANT EXECUTE ON PROCEDURE search_courses TO learnhub_app;
GRANT EXECUTE ON PROCEDURE move_category TO learnhub_app;
GRANT EXECUTE ON PROCEDURE bulk_discount TO learnhub_app;
GRANT EXECUTE ON PROCEDURE soft_delete_user TO learnhub_app;
GRANT EXECUTE ON PROCEDURE erase_user TO learnhub_app;
