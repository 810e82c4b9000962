-- A promotion counts exactly its uses; each is of an order with that promotion, of its buyer, that did not fail.

SELECT promotion.promotion_id, NULL AS order_id, promotion.uses_count, COUNT(used.order_id) AS uses
  FROM promotions promotion
  LEFT JOIN promotion_uses used ON used.promotion_id = promotion.promotion_id
 GROUP BY promotion.promotion_id, promotion.uses_count
HAVING promotion.uses_count <> COUNT(used.order_id)
UNION ALL
SELECT placed.promotion_id, placed.order_id, NULL, uses.of_the_order
  FROM orders placed
  JOIN LATERAL (SELECT COUNT(*) AS of_the_order FROM promotion_uses
                 WHERE order_id = placed.order_id AND promotion_id = placed.promotion_id AND user_id = placed.user_id) uses
 WHERE placed.promotion_id IS NOT NULL
   AND uses.of_the_order <> (placed.status NOT IN ('payment_failed', 'cancelled'));
