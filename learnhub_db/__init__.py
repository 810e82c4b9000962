"""Schema-first migrations and stored programs for MySQL.

`cli` and `commands` hold the verbs, each a page over the module here that does it: deployment (apply), planning (plan),
standing (status), rollback, drift (verify), baseline, dump, script, draft (new), calls, jobs, invariants, statistics
(slow). Apply looks at occupancy (what is in a database without a history) and renaming before it begins, and at
soundness (whether the programs can run) at its end.

They build on packages, each of which uses none that comes after it: `connection` (where a database is), `runner`
(statements through the journal), `stored_programs` (reading, comparing and replacing them), `inspection` (a schema read
and compared), `foresight` (what would happen), `seeding` (rows from files). `server` is the private MySQL.
"""
