SELECT 'it\'s; here', 'ends \\', "say \"hi;\"";
SELECT 'C:\\dir\\';
SELECT 2;
