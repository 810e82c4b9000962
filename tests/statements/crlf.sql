SELECT 1,
       'a
b';
DELIMITER $$
SELECT 2;
$$
DELIMITER ;
SELECT 3;
