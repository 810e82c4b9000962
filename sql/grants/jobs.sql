-- What runs by the clock, and where its runs are recorded.

GRANT CREATE, SELECT, INSERT, UPDATE ON _learnhub_jobs TO learnhub_jobs;
GRANT EXECUTE ON PROCEDURE fold_counters TO learnhub_jobs;
GRANT EXECUTE ON PROCEDURE renew_due_subscriptions TO learnhub_jobs;
GRANT EXECUTE ON PROCEDURE summarize_daily_revenue TO learnhub_jobs;
GRANT EXECUTE ON PROCEDURE reconcile_pending_payments TO learnhub_jobs;
GRANT EXECUTE ON PROCEDURE expire_access TO learnhub_jobs;
GRANT EXECUTE ON PROCEDURE create_payouts TO learnhub_jobs;
GRANT EXECUTE ON PROCEDURE archive_payments TO learnhub_jobs;
GRANT EXECUTE ON PROCEDURE maintain_partitions TO learnhub_jobs;
GRANT EXECUTE ON PROCEDURE refresh_star TO learnhub_jobs;
