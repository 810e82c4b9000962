-- Every charge that stands for an enrollment, and the refund of one, has exactly one payout item of its amount; no
-- failed or pending payment has one that is still to be paid.
-- along: payments.payment_id
SELECT payment.payment_id, payment.kind, payment.status, payment.amount, item.gross, item.payout_id
  FROM payments payment
  LEFT JOIN payout_items item ON item.payment_id = payment.payment_id
  LEFT JOIN payout_items charged ON charged.payment_id = payment.refund_of
 WHERE payment.payment_id BETWEEN @first AND @last
   AND ((payment.kind = 'charge' AND payment.enrollment_id IS NOT NULL
         AND IF(payment.status IN ('completed', 'refunded'), NOT item.gross <=> payment.amount,
                item.payment_id IS NOT NULL AND item.payout_id IS NULL))
        OR (payment.kind = 'refund' AND NOT item.gross <=> -charged.gross));
