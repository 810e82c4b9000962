-- A refund is exactly minus its charge, of the same user and currency; a refunded charge has its refund.

SELECT charge.payment_id, charge.amount, charge.status, refund.payment_id AS refund_id, refund.amount AS refunded
  FROM payments charge
  LEFT JOIN payments refund ON refund.refund_of = charge.payment_id
 WHERE charge.kind = 'charge'
   AND ((charge.status = 'refunded' AND refund.payment_id IS NULL)
        OR refund.amount <> -charge.amount
        OR refund.user_id <> charge.user_id
        OR refund.currency <> charge.currency
        OR (refund.payment_id IS NOT NULL AND charge.status NOT IN ('completed', 'refunded')));
