-- What runs by the clock.

GRANT EXECUTE ON PROCEDURE fold_counters TO learnhub_jobs;
GRANT EXECUTE ON PROCEDURE renew_due_subscriptions TO learnhub_jobs;
GRANT EXECUTE ON PROCEDURE summarize_daily_revenue TO learnhub_jobs;
GRANT EXECUTE ON PROCEDURE reconcile_pending_payments TO learnhub_jobs;
GRANT EXECUTE ON PROCEDURE expire_access TO learnhub_jobs;
