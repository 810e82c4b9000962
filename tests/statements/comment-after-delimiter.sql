SELECT 1; -- first; one
SELECT 2; # second; one
SELECT 3; /* third; */ SELECT 4;
