-- A payout is the sum of its items, all of them of its instructor, its currency and its time.
-- along: payouts.payout_id
SELECT payout.payout_id, payout.amount, payout.items, parts.amount AS sum_of_items, parts.items AS number_of_items
  FROM payouts payout
  JOIN LATERAL (SELECT COALESCE(SUM(amount), 0) AS amount, COUNT(*) AS items,
                       COALESCE(SUM(instructor_id <> payout.instructor_id OR currency <> payout.currency
                                    OR occurred_at >= payout.period_end + INTERVAL 1 DAY), 0) AS foreign_items
                  FROM payout_items WHERE payout_id = payout.payout_id) parts
 WHERE payout.payout_id BETWEEN @first AND @last
   AND (payout.amount <> parts.amount OR payout.items <> parts.items OR parts.foreign_items > 0);
