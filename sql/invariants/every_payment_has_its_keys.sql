-- Every transaction id and idempotency key of a payment, archived or not, is kept as used by that payment.
-- along: payments.payment_id, payments_history.payment_id
SELECT used.payment_id, used.key_type, used.payment_key, known.payment_id AS kept_for
  FROM (SELECT payment_id, 'transaction_id' AS key_type, transaction_id AS payment_key FROM payments
         UNION ALL SELECT payment_id, 'idempotency_key', idempotency_key FROM payments
         UNION ALL SELECT payment_id, 'transaction_id', transaction_id FROM payments_history
         UNION ALL SELECT payment_id, 'idempotency_key', idempotency_key FROM payments_history) used
  LEFT JOIN payment_keys known ON known.key_type = used.key_type AND known.payment_key = used.payment_key
 WHERE used.payment_id BETWEEN @first AND @last
   AND used.payment_key IS NOT NULL AND NOT known.payment_id <=> used.payment_id;
