-- What the instructors earned by that: shares follow their payments to the days they were given, what was sold until thirty
-- days ago is paid in two batches, and the facts of the last days are built.

UPDATE payout_items item
  JOIN payments payment USING (payment_id)
   SET item.occurred_at = payment.processed_at
 WHERE payment.user_id BETWEEN 1011 AND 1050;

INSERT INTO payout_rates (valid_from, share_percent) VALUES (UTC_DATE() + INTERVAL 40 DAY, 72.5);

-- Who has sold anything up to then.
CALL fill_payout(1001, 'USD', UTC_DATE() - INTERVAL 60 DAY, @made);
CALL fill_payout(1002, 'USD', UTC_DATE() - INTERVAL 60 DAY, @made);
CALL fill_payout(1003, 'USD', UTC_DATE() - INTERVAL 60 DAY, @made);
CALL fill_payout(1004, 'USD', UTC_DATE() - INTERVAL 60 DAY, @made);
CALL fill_payout(1005, 'USD', UTC_DATE() - INTERVAL 60 DAY, @made);
CALL fill_payout(1001, 'USD', UTC_DATE() - INTERVAL 30 DAY, @made);
CALL fill_payout(1002, 'USD', UTC_DATE() - INTERVAL 30 DAY, @made);
CALL fill_payout(1003, 'USD', UTC_DATE() - INTERVAL 30 DAY, @made);
CALL fill_payout(1004, 'USD', UTC_DATE() - INTERVAL 30 DAY, @made);
CALL fill_payout(1005, 'USD', UTC_DATE() - INTERVAL 30 DAY, @made);
DELETE FROM payouts WHERE items = 0;

INSERT INTO dim_date (date_key)
WITH RECURSIVE days (day) AS (SELECT UTC_DATE() - INTERVAL 7 DAY UNION ALL SELECT day + INTERVAL 1 DAY FROM days WHERE day < UTC_DATE())
SELECT day FROM days;
CALL build_facts(UTC_DATE() - INTERVAL 7 DAY);
CALL build_facts(UTC_DATE() - INTERVAL 6 DAY);
CALL build_facts(UTC_DATE() - INTERVAL 5 DAY);
CALL build_facts(UTC_DATE() - INTERVAL 4 DAY);
CALL build_facts(UTC_DATE() - INTERVAL 3 DAY);
CALL build_facts(UTC_DATE() - INTERVAL 2 DAY);
CALL build_facts(UTC_DATE() - INTERVAL 1 DAY);
CALL build_facts(UTC_DATE());
