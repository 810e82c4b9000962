-- Reads everything that is not personal: whole tables where no column is, else the columns that are not, and the views
-- without names and addresses.

GRANT SELECT (user_id, user_type, deleted_at, created_at, updated_at) ON users TO learnhub_readonly;
GRANT SELECT ON instructor_accounts TO learnhub_readonly;
GRANT SELECT ON payment_clocks TO learnhub_readonly;
GRANT SELECT ON erasure_log TO learnhub_readonly;
GRANT SELECT ON policies TO learnhub_readonly;
GRANT SELECT ON error_catalogue TO learnhub_readonly;
GRANT SELECT ON mutexes TO learnhub_readonly;
GRANT SELECT ON courses TO learnhub_readonly;
GRANT SELECT ON course_deltas TO learnhub_readonly;
GRANT SELECT ON course_seats TO learnhub_readonly;
GRANT SELECT ON course_tags TO learnhub_readonly;
GRANT SELECT ON categories TO learnhub_readonly;
GRANT SELECT ON course_categories TO learnhub_readonly;
GRANT SELECT ON wishlist_items TO learnhub_readonly;
GRANT SELECT ON price_history TO learnhub_readonly;
GRANT SELECT ON course_prerequisites TO learnhub_readonly;
GRANT SELECT ON lessons TO learnhub_readonly;
GRANT SELECT ON lesson_sections TO learnhub_readonly;
GRANT SELECT ON quizzes TO learnhub_readonly;
GRANT SELECT ON quiz_attempts TO learnhub_readonly;
GRANT SELECT (review_id, student_id, course_id, rating, created_at) ON reviews TO learnhub_readonly;
GRANT SELECT ON archived_courses TO learnhub_readonly;
GRANT SELECT ON flash_sales TO learnhub_readonly;
GRANT SELECT ON flash_sale_stock TO learnhub_readonly;
GRANT SELECT ON flash_sale_terms TO learnhub_readonly;
GRANT SELECT ON enrollments TO learnhub_readonly;
GRANT SELECT ON course_access TO learnhub_readonly;
GRANT SELECT ON certificates TO learnhub_readonly;
GRANT SELECT ON lesson_progress TO learnhub_readonly;
GRANT SELECT ON section_progress TO learnhub_readonly;
GRANT SELECT ON subscription_plans TO learnhub_readonly;
GRANT SELECT ON subscriptions TO learnhub_readonly;
GRANT SELECT ON subscription_payments TO learnhub_readonly;
GRANT SELECT (payment_id, user_id, enrollment_id, subscription_id, order_id, kind, amount, currency, payment_method,
      payment_gateway, status, transaction_id, idempotency_key, refund_of, created_at, processed_at, course_id, answers) ON payments
      TO learnhub_readonly;
GRANT SELECT ON payment_events TO learnhub_readonly;
GRANT SELECT ON carts TO learnhub_readonly;
GRANT SELECT ON cart_items TO learnhub_readonly;
GRANT SELECT ON promotions TO learnhub_readonly;
GRANT SELECT ON promotion_uses TO learnhub_readonly;
GRANT SELECT (order_id, user_id, promotion_id, status, subtotal, discount_amount, tax_amount, total, created_at) ON orders
      TO learnhub_readonly;
GRANT SELECT ON order_items TO learnhub_readonly;
GRANT SELECT ON order_events TO learnhub_readonly;
GRANT SELECT ON seat_holds TO learnhub_readonly;
GRANT SELECT ON receipts TO learnhub_readonly;
GRANT SELECT ON fraud_detection_rules TO learnhub_readonly;
GRANT SELECT ON fraud_alerts TO learnhub_readonly;
GRANT SELECT ON daily_revenue_summary TO learnhub_readonly;

GRANT SELECT ON flash_sale_status TO learnhub_readonly;
GRANT SELECT ON course_progress TO learnhub_readonly;
GRANT SELECT ON v_payments_to_reconcile TO learnhub_readonly;
GRANT SELECT ON v_counter_drift TO learnhub_readonly;
GRANT SELECT ON payout_rates TO learnhub_readonly;
GRANT SELECT ON payouts TO learnhub_readonly;
GRANT SELECT ON payout_items TO learnhub_readonly;
GRANT SELECT ON payment_keys TO learnhub_readonly;
GRANT SELECT ON payments_to_check TO learnhub_readonly;
GRANT SELECT (payment_id, charged_at, user_id, enrollment_id, subscription_id, order_id, kind, amount, currency,
      payment_method, payment_gateway, status, transaction_id, idempotency_key, refund_of, created_at, processed_at,
      course_id, answers, archived_at) ON payments_history TO learnhub_readonly;
GRANT SELECT ON payment_events_history TO learnhub_readonly;
GRANT SELECT ON dim_date TO learnhub_readonly;
GRANT SELECT ON dim_course TO learnhub_readonly;
GRANT SELECT ON dim_user TO learnhub_readonly;
GRANT SELECT ON fact_sales TO learnhub_readonly;
GRANT SELECT ON sales_facts TO learnhub_readonly;
