-- The paid periods of a subscription follow each other without gap or overlap, none is paid twice, and the subscription
-- runs until the end of the last.
-- along: subscriptions.subscription_id
SELECT subscription_id, payment_id, billing_period_start, billing_period_end, next_start
  FROM (SELECT paid.subscription_id, paid.payment_id, paid.billing_period_start, paid.billing_period_end,
               COALESCE(LEAD(paid.billing_period_start) OVER (PARTITION BY paid.subscription_id
                                                                  ORDER BY paid.billing_period_start, paid.payment_id),
                        subscription.current_period_end) AS next_start
          FROM subscription_payments paid
          JOIN subscriptions subscription ON subscription.subscription_id = paid.subscription_id
         WHERE paid.subscription_id BETWEEN @first AND @last AND paid.status = 'completed') period
 WHERE billing_period_end <> next_start;
