-- A payout is the sum of its items, all of them of its instructor, its currency and its time.
SELECT payout.payout_id, payout.amount, payout.items, SUM(item.amount) AS sum_of_items, COUNT(item.payment_id) AS number_of_items
  FROM payouts payout
  LEFT JOIN payout_items item ON item.payout_id = payout.payout_id
 GROUP BY payout.payout_id, payout.amount, payout.items, payout.instructor_id, payout.currency, payout.period_end
HAVING payout.amount <> COALESCE(SUM(item.amount), 0)
    OR payout.items <> COUNT(item.payment_id)
    OR SUM(item.instructor_id <> payout.instructor_id OR item.currency <> payout.currency
           OR item.occurred_at >= payout.period_end + INTERVAL 1 DAY) > 0;
