-- A refund names a charge, and no charge is refunded twice.
SELECT refund.payment_id AS refund_id, refund.refund_of, COUNT(charge.payment_id) AS charges
  FROM payments refund
  LEFT JOIN payments charge ON charge.payment_id = refund.refund_of AND charge.kind = 'charge'
 WHERE refund.kind = 'refund'
 GROUP BY refund.payment_id, refund.refund_of
HAVING charges <> 1
UNION ALL
SELECT MAX(payment_id), refund_of, COUNT(*)
  FROM payments
 WHERE refund_of IS NOT NULL
 GROUP BY refund_of
HAVING COUNT(*) > 1;
