-- A share is its percentage of the sale to the cent, and what a refund takes back is exactly what its charge gave.
-- along: payout_items.payment_id
SELECT item.payment_id, item.gross, item.share_percent, item.amount
  FROM payout_items item
 WHERE item.payment_id BETWEEN @first AND @last
   AND item.amount <> ROUND(item.gross * item.share_percent / 100, 2)
UNION ALL
SELECT item.payment_id, item.gross, item.share_percent, item.amount
  FROM payout_items item
  JOIN payments refund ON refund.payment_id = item.payment_id AND refund.kind = 'refund'
  JOIN payout_items charged ON charged.payment_id = refund.refund_of
 WHERE item.payment_id BETWEEN @first AND @last
   AND (item.amount <> -charged.amount OR item.instructor_id <> charged.instructor_id);
