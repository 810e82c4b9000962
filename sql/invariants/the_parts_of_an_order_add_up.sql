-- Unit prices, discounts, taxes and amounts of an order's items add up to the order's, to the cent.
-- along: orders.order_id
SELECT placed.order_id, placed.subtotal, placed.discount_amount, placed.tax_amount, placed.total,
       parts.subtotal AS items_subtotal, parts.discount_amount AS items_discount_amount,
       parts.tax_amount AS items_tax_amount, parts.total AS items_total
  FROM orders placed
  JOIN LATERAL (SELECT COALESCE(SUM(unit_price), 0) AS subtotal, COALESCE(SUM(discount_amount), 0) AS discount_amount,
                       COALESCE(SUM(tax_amount), 0) AS tax_amount, COALESCE(SUM(amount), 0) AS total
                  FROM order_items WHERE order_id = placed.order_id) parts
 WHERE placed.order_id BETWEEN @first AND @last
   AND (placed.subtotal, placed.discount_amount, placed.tax_amount, placed.total)
       <> (parts.subtotal, parts.discount_amount, parts.tax_amount, parts.total);
