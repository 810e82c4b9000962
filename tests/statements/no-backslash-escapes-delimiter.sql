SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES';
DELIMITER //
SELECT 'a\;b' //
SELECT "x\" FROM (SELECT 1 AS "x\") t //
DELIMITER ;
SET GLOBAL sql_mode = @@GLOBAL.sql_mode;
SELECT 'F:\';
SET sql_mode = 'TRADITIONAL';
SELECT 'it\'s';
