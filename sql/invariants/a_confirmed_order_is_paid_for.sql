-- Every course of a confirmed order that costs something has a charge of exactly its amount that was taken; an order
-- that is pending has none.
-- along: orders.order_id
SELECT placed.order_id, placed.status, item.course_id, item.amount, charge.payment_id, charge.amount AS charged
  FROM orders placed
  JOIN order_items item ON item.order_id = placed.order_id
  LEFT JOIN LATERAL (
         SELECT payment_id, user_id, amount, status FROM payments
          WHERE order_id = placed.order_id AND course_id = item.course_id AND kind = 'charge'
          UNION ALL
         SELECT payment_id, user_id, amount, status FROM payments_history
          WHERE order_id = placed.order_id AND course_id = item.course_id AND kind = 'charge') charge ON TRUE
 WHERE placed.order_id BETWEEN @first AND @last
   AND ((placed.status IN ('confirmed', 'refunded') AND item.amount > 0 AND charge.payment_id IS NULL)
        OR (placed.status = 'pending_payment' AND charge.payment_id IS NOT NULL)
        OR charge.amount <> item.amount
        OR charge.status NOT IN ('completed', 'refunded')
        OR charge.user_id <> placed.user_id);
