-- Each table's rows, and a checksum of them: the same on two servers that hold the same.
--
--   mysql -N learnhub < checksums.sql | mysql -N learnhub
--
-- Not CHECKSUM TABLE: it reads JSON as it is stored, and a DECIMAL in it is a DOUBLE after a dump.
SET SESSION group_concat_max_len = 65536;
SELECT CONCAT('SELECT ''', table_name, ''', COUNT(*), COALESCE(BIT_XOR(CAST(CONV(LEFT(SHA2(CONCAT_WS(''|'', ',
              GROUP_CONCAT('QUOTE(', IF(data_type = 'json', CONCAT('CAST(CAST(`', column_name, '` AS CHAR) AS JSON)'),
                                        CONCAT('`', column_name, '`')), ')' ORDER BY ordinal_position),
              '), 256), 16), 16, 10) AS UNSIGNED)), 0) FROM `', table_name, '`;')
  FROM information_schema.tables JOIN information_schema.columns USING (table_schema, table_name)
 WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
 GROUP BY table_name ORDER BY table_name;
