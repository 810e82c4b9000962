-- A charge is refunded exactly when one refund stands against it, by the same user, in the same currency, minus the
-- amount: the two net to zero.
SELECT charge.payment_id AS charge_id, charge.status, charge.amount,
       refund.payment_id AS refund_id, refund.status AS refund_status, refund.amount AS refund_amount
  FROM payments charge
  LEFT JOIN payments refund ON refund.refund_of = charge.payment_id
 WHERE charge.kind = 'charge'
   AND ((charge.status = 'refunded') <> (refund.payment_id IS NOT NULL)
        OR refund.amount <> -charge.amount
        OR refund.user_id <> charge.user_id
        OR refund.currency <> charge.currency
        OR refund.status <> 'refunded');
