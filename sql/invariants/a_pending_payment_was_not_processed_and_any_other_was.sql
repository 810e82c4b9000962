-- A payment is stamped when it leaves pending, and not before.

SELECT payment_id, status, processed_at
  FROM payments
 WHERE (status = 'pending') <> (processed_at IS NULL);
