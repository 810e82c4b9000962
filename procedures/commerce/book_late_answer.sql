-- Keeps the money of a gateway's answer to a payment that is decided already: a charge of its own, due back.
--
-- Parameters
--   p_payment_id      the payment, locked by the caller; one that is archived cannot be named in answers
--   p_status          its status
--   p_transaction_id  the gateway's id
--   p_word            one of the outcomes
-- Outcomes
--   REFUND_DUE         the payment expired before anybody answered
--   ALREADY_COMPLETED  another answer came first
--   ALREADY_FAILED     fail_purchase came first
-- Errors
--   30005 KEY_REUSED  a payment with that transaction id stands already
-- Example
--   CALL book_late_answer(31, 'failed', 'ch_3AbC', @word);

DELIMITER $$
CREATE PROCEDURE book_late_answer(
  IN  p_payment_id     BIGINT UNSIGNED,
  IN  p_status         VARCHAR(20),
  IN  p_transaction_id VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin,
  OUT p_word           VARCHAR(50)
)
  COMMENT 'Keeps the money of an answer that came too late'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_same     BOOLEAN;
  DECLARE v_answered BOOLEAN;
  DECLARE v_answers  BIGINT UNSIGNED;
  DECLARE EXIT HANDLER FOR 1062 CALL raise_error('KEY_REUSED', p_transaction_id);

  SELECT transaction_id <=> p_transaction_id, payment_id INTO v_same, v_answers
    FROM payments WHERE payment_id = p_payment_id FOR UPDATE;
  IF v_answers IS NULL THEN
    SELECT transaction_id <=> p_transaction_id INTO v_same
      FROM payments_history WHERE payment_id = p_payment_id FOR SHARE;
  END IF;
  IF NOT v_same THEN
    INSERT INTO payments (user_id, course_id, order_id, amount, currency, payment_method, payment_gateway, status,
                          transaction_id, answers)
    SELECT user_id, course_id, order_id, amount, currency, payment_method, payment_gateway, 'completed',
           p_transaction_id, v_answers
      FROM (SELECT payment_id, user_id, course_id, order_id, amount, currency, payment_method, payment_gateway
              FROM payments
             UNION ALL
            SELECT payment_id, user_id, course_id, order_id, amount, currency, payment_method, payment_gateway
              FROM payments_history) payment
     WHERE payment_id = p_payment_id;
    INSERT INTO payment_events (payment_id, event_type, event_data)
    VALUES (LAST_INSERT_ID(), 'payment_gateway_success', JSON_OBJECT('answers', p_payment_id));
  END IF;

  IF v_answers IS NOT NULL THEN
    SELECT COUNT(*) > 0 INTO v_answered FROM payment_events
     WHERE payment_id = p_payment_id AND event_type = 'payment_gateway_failed' FOR SHARE;
  ELSE
    SELECT COUNT(*) > 0 INTO v_answered FROM payment_events_history
     WHERE payment_id = p_payment_id AND event_type = 'payment_gateway_failed' FOR SHARE;
  END IF;
  SET p_word = CASE WHEN p_status <> 'failed' THEN 'ALREADY_COMPLETED'
                    WHEN v_answered OR v_same THEN 'ALREADY_FAILED'
                    ELSE 'REFUND_DUE' END;
END$$
DELIMITER ;
