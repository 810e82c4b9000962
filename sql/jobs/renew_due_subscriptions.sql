-- Renews what is due today or was due before.
--
-- every: 1 hour
CALL renew_due_subscriptions(UTC_DATE(), @renewed, @failed);
