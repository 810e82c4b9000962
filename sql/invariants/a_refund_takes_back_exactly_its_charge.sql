-- A charge is refunded exactly when one refund stands against it, by the same user, in the same currency, of minus its
-- amount; every refund has its charge.
-- along: payments.payment_id
SELECT charge.payment_id, charge.status, charge.amount,
       refund.payment_id AS refund_id, refund.status AS refund_status, refund.amount AS refund_amount
  FROM payments charge
  LEFT JOIN payments refund ON refund.refund_of = charge.payment_id
 WHERE charge.payment_id BETWEEN @first AND @last
   AND charge.kind = 'charge'
   AND ((charge.status = 'refunded') <> (refund.payment_id IS NOT NULL)
        OR refund.amount <> -charge.amount
        OR refund.user_id <> charge.user_id
        OR refund.currency <> charge.currency
        OR refund.status <> 'refunded')
UNION ALL
SELECT refund.refund_of, charge.status, charge.amount, refund.payment_id, refund.status, refund.amount
  FROM payments refund
  LEFT JOIN payments charge ON charge.payment_id = refund.refund_of AND charge.kind = 'charge'
  LEFT JOIN payments another ON another.refund_of = refund.refund_of AND another.payment_id <> refund.payment_id
 WHERE refund.payment_id BETWEEN @first AND @last
   AND refund.kind = 'refund'
   AND (charge.payment_id IS NULL OR another.payment_id IS NOT NULL);
