SELECT 1 /*/ ; */ + 2;
SELECT 6 /**/ / 3;
SELECT 2 * 3 */*a;*/ 4;
