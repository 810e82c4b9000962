-- The facts of a day that was built after it was over are its payments, to the cent; a payment whose year was dropped
-- from the history keeps its fact.
-- along: payments.payment_id, payments_history.payment_id, fact_sales.payment_id
SELECT COALESCE(fact.payment_id, sold.payment_id) AS payment_id, fact.date_key, sold.date_key AS processed_on,
       fact.amount AS fact_amount, sold.amount AS payment_amount
  FROM sales_facts sold
  JOIN dim_date day ON day.date_key = sold.date_key
  LEFT JOIN fact_sales fact ON fact.payment_id = sold.payment_id
 WHERE sold.payment_id BETWEEN @first AND @last
   AND day.refreshed_at >= day.date_key + INTERVAL 1 DAY AND sold.processed_at <= day.refreshed_at
   AND (NOT fact.date_key <=> sold.date_key OR fact.amount <> sold.amount OR fact.user_id <> sold.user_id
        OR fact.course_id <> sold.course_id OR fact.instructor_share <> sold.instructor_share)
UNION ALL
SELECT fact.payment_id, fact.date_key, NULL, fact.amount, NULL
  FROM fact_sales fact
 WHERE fact.payment_id BETWEEN @first AND @last
   AND NOT EXISTS (SELECT 1 FROM payments WHERE payment_id = fact.payment_id AND status IN ('completed', 'refunded'))
   AND NOT EXISTS (SELECT 1 FROM payments_history WHERE payment_id = fact.payment_id)
   AND fact.payment_id >= COALESCE((SELECT MIN(payment_id) FROM payments_history),
                                   (SELECT MIN(payment_id) FROM payments), 0);
