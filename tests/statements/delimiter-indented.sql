  DELIMITER $$
SELECT 1; $$
	delimiter ;
SELECT 2;
