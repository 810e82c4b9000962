-- An order is refunded exactly when it was confirmed and every charge of it has been given back.
-- along: orders.order_id
SELECT placed.order_id, placed.status, charges.in_all, charges.left_over
  FROM orders placed
  JOIN LATERAL (SELECT COUNT(*) AS in_all, COUNT(IF(status = 'completed', 1, NULL)) AS left_over
                  FROM (SELECT status FROM payments WHERE order_id = placed.order_id AND kind = 'charge'
                         UNION ALL
                        SELECT status FROM payments_history WHERE order_id = placed.order_id AND kind = 'charge') charge
               ) charges
 WHERE placed.order_id BETWEEN @first AND @last
   AND ((placed.status = 'refunded' AND charges.in_all = 0)
        OR (placed.status = 'confirmed' AND charges.in_all > 0 AND charges.left_over = 0));
