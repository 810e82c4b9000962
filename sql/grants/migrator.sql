-- What applying needs, SUPER not among it: this database and the right to give rights on it, the owner as definer, and
-- a look at the accounts. Creating the owner and the roles stays with an administrator.

GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, LOCK TABLES, CREATE TEMPORARY TABLES,
      CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EXECUTE, TRIGGER, EVENT
   ON * TO learnhub_migrator WITH GRANT OPTION;
GRANT SET_ANY_DEFINER, SHOW_ROUTINE, PROCESS ON *.* TO learnhub_migrator;
GRANT SELECT ON performance_schema.* TO learnhub_migrator;
GRANT ALL ON `\_learnhub\_scratch\_%`.* TO learnhub_migrator;
GRANT SELECT (User, Host) ON mysql.user TO learnhub_migrator;
GRANT SELECT ON mysql.procs_priv TO learnhub_migrator;
