DELIMITER 'end of it'
SELECT 1; end of it
SELECT 2 end of it
