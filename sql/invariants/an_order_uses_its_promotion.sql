-- An order with a promotion is one use of it, by its buyer, unless the order failed; no other order is.
-- along: orders.order_id
SELECT placed.order_id, placed.status, placed.promotion_id, placed.user_id,
       used.promotion_id AS used, used.user_id AS used_by
  FROM orders placed
  LEFT JOIN promotion_uses used ON used.order_id = placed.order_id
 WHERE placed.order_id BETWEEN @first AND @last
   AND (NOT used.promotion_id <=> IF(placed.status IN ('payment_failed', 'cancelled'), NULL, placed.promotion_id)
        OR used.user_id <> placed.user_id);
