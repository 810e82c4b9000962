-- Keeps two coming years and the last ten in the history.
--
-- daily at: 03:30
CALL maintain_partitions(2, 10);
