/*!40101 SET @old_mode = @@sql_mode */;
/*!50003 SET sql_mode = 'ANSI_QUOTES' */ ;
SELECT 1 /*!80000 + 1 */, '/*! ; */';
/*!40101 SET sql_mode = @old_mode */;
