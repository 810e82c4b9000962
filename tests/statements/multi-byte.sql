SELECT 'naïve; 日本語 ', "é;", 1 AS `ключ;`;
SELECT '表;', 'ソ';
