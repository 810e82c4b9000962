-- Lets payments and orders expire that no gateway has answered for in half an hour.
--
-- every: 5 minutes
CALL reconcile_pending_payments(30, @expired);
