-- A payment stands in payments or in payments_history, never in both; a refund stands where its charge does.
-- along: payments_history.payment_id
SELECT 'payment' AS doubled, payment.payment_id
  FROM payments_history archived
  JOIN payments payment ON payment.payment_id = archived.payment_id
 WHERE archived.payment_id BETWEEN @first AND @last
UNION ALL
SELECT 'refund', refund.payment_id
  FROM payments_history refund
  LEFT JOIN payments_history charge ON charge.payment_id = refund.refund_of AND charge.charged_at = refund.charged_at
 WHERE refund.payment_id BETWEEN @first AND @last AND refund.kind = 'refund' AND charge.payment_id IS NULL;
