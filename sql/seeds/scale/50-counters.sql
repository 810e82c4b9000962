-- commits as it goes
-- The counters of what was sold and rated.
CALL fold_counters();
