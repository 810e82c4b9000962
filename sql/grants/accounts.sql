-- The account that every routine, trigger, view and event belongs to, and the roles. Nobody can log in to the owner.
-- Accounts and roles are of the server, rights of this database.

CREATE USER IF NOT EXISTS learnhub_owner@localhost ACCOUNT LOCK COMMENT 'Definer of the stored programs; locked for good';
GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE, TRIGGER, EVENT ON * TO learnhub_owner@localhost;
-- maintain_partitions adds and drops the years of these two.
GRANT ALTER, CREATE, DROP ON payments_history TO learnhub_owner@localhost;
GRANT ALTER, CREATE, DROP ON payment_events_history TO learnhub_owner@localhost;

CREATE ROLE IF NOT EXISTS learnhub_app, learnhub_instructor, learnhub_readonly, learnhub_jobs, learnhub_migrator;
