DELIMITER	$$ -- from here on
SELECT 1; $$
DELIMITER ;   
SELECT 2;
