-- An order is refunded exactly when it was confirmed and every charge of it has been given back.

SELECT placed.order_id, placed.status, charges.in_all, charges.left_over
  FROM orders placed
  JOIN LATERAL (SELECT COUNT(*) AS in_all, COUNT(IF(status = 'completed', 1, NULL)) AS left_over
                  FROM (SELECT order_id, kind, status FROM payments
                        UNION ALL SELECT order_id, kind, status FROM payments_history) payment
                 WHERE order_id = placed.order_id AND kind = 'charge') charges
 WHERE (placed.status = 'refunded' AND charges.in_all = 0)
    OR (placed.status = 'confirmed' AND charges.in_all > 0 AND charges.left_over = 0);
