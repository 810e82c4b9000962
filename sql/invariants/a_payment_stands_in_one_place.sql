-- A payment stands in payments or in payments_history, never in both, and so does an event; a refund stands where its
-- charge does.
SELECT 'payment' AS doubled, payment.payment_id AS row_id
  FROM payments_history archived JOIN payments payment ON payment.payment_id = archived.payment_id
UNION ALL
SELECT 'event', event.event_id
  FROM payment_events_history archived JOIN payment_events event ON event.event_id = archived.event_id
UNION ALL
SELECT 'refund', refund.payment_id
  FROM payments_history refund
  LEFT JOIN payments_history charge ON charge.payment_id = refund.refund_of AND charge.charged_at = refund.charged_at
 WHERE refund.kind = 'refund' AND charge.payment_id IS NULL;
