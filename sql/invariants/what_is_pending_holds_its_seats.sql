-- A purchase that waits for its gateway holds its seat, an order one of every course in it.
--
-- What is pending is found by its status, and soon it is not: no key to go along.
SELECT 'payment' AS what, payment.payment_id AS id, payment.course_id
  FROM payments payment
 WHERE payment.status = 'pending' AND payment.kind = 'charge' AND payment.course_id IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM seat_holds WHERE payment_id = payment.payment_id AND course_id = payment.course_id)
UNION ALL
SELECT 'order', placed.order_id, item.course_id
  FROM orders placed
  JOIN order_items item ON item.order_id = placed.order_id
 WHERE placed.status = 'pending_payment'
   AND NOT EXISTS (SELECT 1 FROM seat_holds WHERE order_id = placed.order_id AND course_id = item.course_id);
