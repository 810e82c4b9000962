USE mysql;
SELECT 1;
