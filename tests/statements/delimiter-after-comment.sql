SELECT 1; 
-- the routines
/* with
   care */

/* here */ DELIMITER $$
SELECT 2; $$
