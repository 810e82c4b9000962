-- Subscriptions in every state. Those whose paid periods have run out are work for renew_due_subscriptions,
-- as `learnhub-db call renew_due_subscriptions DAY` shows, DAY being today, in UTC.

INSERT INTO subscriptions
       (user_id, plan_type, status, cancel_at_period_end, start_date, current_period_end, next_billing_date, created_at)
SELECT user_id, plan_type, status, cancels, start_date, period_end, period_end, start_date + INTERVAL 9 HOUR
  FROM (SELECT member.*,
               next_period_end(start_date, plan.months * periods_paid, DAY(start_date)) AS period_end
          FROM (SELECT member.*, UTC_DATE() - INTERVAL months_ago MONTH - INTERVAL days_ago DAY AS start_date
                  FROM (VALUES
                    ROW(1013, 'monthly', 'active',    FALSE,  5,  0,  5),  -- due today
                    ROW(1020, 'monthly', 'active',    FALSE,  4,  1,  4),  -- due since yesterday
                    ROW(1029, 'annual',  'active',    FALSE, 12,  2,  1),  -- due for two days
                    ROW(1024, 'monthly', 'active',    FALSE,  3,  4,  2),  -- forgotten for two periods
                    ROW(1034, 'monthly', 'past_due',  FALSE,  2,  3,  2),  -- the last renewal failed
                    ROW(1022, 'monthly', 'active',    TRUE,   3,  0,  3),  -- ends today
                    ROW(1040, 'monthly', 'active',    TRUE,   1, 10,  2),  -- will end
                    ROW(1011, 'annual',  'active',    FALSE,  6,  7,  1),
                    ROW(1016, 'monthly', 'active',    FALSE,  6,  8,  7),
                    ROW(1030, 'monthly', 'active',    FALSE,  2, 12,  3),
                    ROW(1044, 'monthly', 'active',    FALSE,  0, 15,  1),
                    ROW(1048, 'monthly', 'active',    FALSE,  0,  5,  1),
                    ROW(1049, 'annual',  'active',    FALSE,  0,  3,  1),
                    ROW(1025, 'monthly', 'cancelled', FALSE,  5,  6,  3),
                    ROW(1041, 'monthly', 'expired',   FALSE,  5, 11,  1)
                  ) AS member (user_id, plan_type, status, cancels, months_ago, days_ago, periods_paid)) member
          JOIN subscription_plans plan USING (plan_type)) subscription;

INSERT INTO subscription_payments
       (subscription_id, amount, billing_period_start, billing_period_end, status, created_at)
WITH RECURSIVE period (subscription_id, amount, months, first_day, last_day, number) AS (
  SELECT subscription_id, price, months, start_date, next_period_end(start_date, months, DAY(start_date)), 1
    FROM subscriptions JOIN subscription_plans USING (plan_type)
   WHERE user_id BETWEEN 1011 AND 1050
  UNION ALL
  SELECT subscription_id, amount, period.months, period.last_day,
         next_period_end(start_date, period.months * (number + 1), DAY(start_date)), number + 1
    FROM period JOIN subscriptions USING (subscription_id)
   WHERE period.last_day < current_period_end
)
SELECT subscription_id, amount, first_day, last_day, 'completed', first_day + INTERVAL 9 HOUR FROM period;

INSERT INTO subscription_payments
       (subscription_id, amount, billing_period_start, billing_period_end, status, retry_count, created_at)
SELECT subscription_id, price, current_period_end,
       next_period_end(current_period_end, months, DAY(start_date)), 'failed', 2, current_period_end + INTERVAL 3 HOUR
  FROM subscriptions JOIN subscription_plans USING (plan_type)
 WHERE user_id = 1034;
