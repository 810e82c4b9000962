SELECT 1 # it's not a quote
;
SELECT 2 -- don't
;
SELECT 3 /* won't */;
