-- Moves payments and their events into the history: copies them, then deletes them. Runs inside its caller's
-- transaction, the payments being locked.
--
-- Parameters
--   p_payments  JSON array of {"payment_id": P, "charged_at": T}: the payments, and when their charges were created
-- Example
--   CALL move_to_history('[{"payment_id": 31, "charged_at": "2024-11-19 08:00:00"}]');

DELIMITER $$
CREATE PROCEDURE move_to_history(IN p_payments JSON)
  COMMENT 'Moves payments and their events into the history'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  INSERT INTO payments_history
         (payment_id, charged_at, user_id, enrollment_id, subscription_id, order_id, kind, amount, currency,
          payment_method, payment_method_token, payment_gateway, status, transaction_id, idempotency_key, refund_of,
          created_at, processed_at, course_id, answers, reason)
  SELECT payment.payment_id, moved.charged_at, user_id, enrollment_id, subscription_id, order_id, kind, amount, currency,
         payment_method, payment_method_token, payment_gateway, status, transaction_id, idempotency_key, refund_of,
         created_at, processed_at, course_id, answers, reason
    FROM JSON_TABLE(p_payments, '$[*]' COLUMNS (payment_id BIGINT UNSIGNED PATH '$.payment_id',
                                                charged_at DATETIME(6) PATH '$.charged_at')) moved
    STRAIGHT_JOIN payments payment ON payment.payment_id = moved.payment_id;
  INSERT INTO payment_events_history (event_id, charged_at, payment_id, event_type, event_data, created_at)
  SELECT event.event_id, moved.charged_at, event.payment_id, event.event_type, event.event_data, event.created_at
    FROM JSON_TABLE(p_payments, '$[*]' COLUMNS (payment_id BIGINT UNSIGNED PATH '$.payment_id',
                                                charged_at DATETIME(6) PATH '$.charged_at')) moved
    STRAIGHT_JOIN payment_events event ON event.payment_id = moved.payment_id;

  DELETE event FROM JSON_TABLE(p_payments, '$[*]' COLUMNS (payment_id BIGINT UNSIGNED PATH '$.payment_id')) moved
    STRAIGHT_JOIN payment_events event ON event.payment_id = moved.payment_id;
  DELETE payment FROM JSON_TABLE(p_payments, '$[*]' COLUMNS (payment_id BIGINT UNSIGNED PATH '$.payment_id')) moved
    STRAIGHT_JOIN payments payment ON payment.payment_id = moved.payment_id;
END$$
DELIMITER ;
