SELECT 1;
-- the end; really