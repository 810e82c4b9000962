-- A payment is stamped when it leaves pending, and not before.
-- along: payments.payment_id
SELECT payment_id, status, processed_at
  FROM payments
 WHERE payment_id BETWEEN @first AND @last
   AND (status = 'pending') <> (processed_at IS NULL);
