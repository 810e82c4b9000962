-- Adds the coming years to one partitioned table and drops the years past keeping.
--
-- Parameters
--   p_table       payments_history or payment_events_history
--   p_last_year   the last year that must have a partition
--   p_first_year  the first year that is kept
-- Example
--   CALL fit_partitions('payments_history', 2029, 2016);

DELIMITER $$
CREATE PROCEDURE fit_partitions(IN p_table VARCHAR(64), IN p_last_year INT, IN p_first_year INT)
  COMMENT 'Adds years to a partitioned table and drops old ones'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_first INT;
  DECLARE v_last  INT;

  SELECT MIN(CAST(SUBSTRING(partition_name, 2) AS UNSIGNED)), MAX(CAST(SUBSTRING(partition_name, 2) AS UNSIGNED))
    INTO v_first, v_last
    FROM information_schema.partitions WHERE table_schema = DATABASE() AND table_name = p_table;
  WHILE v_last < p_last_year DO
    SET v_last = v_last + 1;
    SET @_learnhub_ddl = CONCAT('ALTER TABLE ', p_table, ' ADD PARTITION (PARTITION p', v_last,
                                ' VALUES LESS THAN (''', v_last + 1, '-01-01''))');
    PREPARE ddl FROM @_learnhub_ddl;
    EXECUTE ddl;
    DEALLOCATE PREPARE ddl;
  END WHILE;
  WHILE v_first < LEAST(p_first_year, v_last) DO
    SET @_learnhub_ddl = CONCAT('ALTER TABLE ', p_table, ' DROP PARTITION p', v_first);
    PREPARE ddl FROM @_learnhub_ddl;
    EXECUTE ddl;
    DEALLOCATE PREPARE ddl;
    SELECT MIN(CAST(SUBSTRING(partition_name, 2) AS UNSIGNED)) INTO v_first
      FROM information_schema.partitions WHERE table_schema = DATABASE() AND table_name = p_table;
  END WHILE;
END$$
DELIMITER ;
