-- Keeps the counters of courses and flash sales at most a minute old, where no event does it every second.
--
-- every: 1 minute
CALL fold_counters();
