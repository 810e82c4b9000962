SELECT 1 /*!80000 + 2 /* it is; so */ + 4 */;
SELECT 2;
