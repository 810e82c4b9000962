-- A seat is held only by a payment or an order of the same person that is still pending.
--
-- Held seats are as few as what is pending: no key to go along.
SELECT hold.student_id, hold.course_id, hold.payment_id, hold.order_id,
       COALESCE(payment.status, placed.status) AS status
  FROM seat_holds hold
  LEFT JOIN payments payment ON payment.payment_id = hold.payment_id
  LEFT JOIN orders placed ON placed.order_id = hold.order_id
 WHERE COALESCE(payment.status, placed.status) NOT IN ('pending', 'pending_payment')
    OR COALESCE(payment.user_id, placed.user_id) <> hold.student_id;
