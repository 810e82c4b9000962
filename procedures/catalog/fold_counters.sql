-- Brings the counters of courses and flash sales up to date, each in a short transaction of its own.
--
-- On return every delta committed before the call is in the columns. Safe to run at any time and twice at once.
-- A deadlock with somebody else's lock is tried again; a lock that is not let go of keeps back that row's counters only.
--
-- Errors
--   30009 IN_TRANSACTION
--   1205 of the server  somebody holds a lock on some row; all the others are done
-- Example
--   CALL fold_counters();
--   SELECT COUNT(*) FROM v_counter_drift;
--   0

DELIMITER $$
CREATE PROCEDURE fold_counters()
  COMMENT 'Brings the counters of courses and flash sales up to date'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_id   BIGINT UNSIGNED;
  DECLARE v_done BOOLEAN DEFAULT FALSE;
  DECLARE v_busy BOOLEAN;  -- a deadlock: the call has to be repeated
  DECLARE v_more BOOLEAN;
  DECLARE v_kept BOOLEAN DEFAULT FALSE;  -- a lock was not let go of

  CALL refuse_in_transaction('fold_counters');

  BEGIN  -- its handlers must not see the error at the end
    DECLARE c_courses CURSOR FOR SELECT DISTINCT course_id FROM course_deltas ORDER BY course_id;
    DECLARE c_sales   CURSOR FOR
      SELECT sale_id FROM flash_sale_terms FORCE INDEX (sales_to_fold) WHERE state IN ('open', 'settled') ORDER BY sale_id;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;
    DECLARE CONTINUE HANDLER FOR 1213 SET v_busy = TRUE;
    DECLARE CONTINUE HANDLER FOR 1205 SET v_kept = TRUE;

    OPEN c_courses;
    FETCH c_courses INTO v_id;
    WHILE NOT v_done DO
      REPEAT
        SET v_busy = FALSE, v_more = FALSE;
        CALL fold_course(v_id, v_more);
      UNTIL NOT v_busy AND NOT v_more END REPEAT;
      SET v_done = FALSE;  -- a "not found" inside the call is not the cursor's
      FETCH c_courses INTO v_id;
    END WHILE;
    CLOSE c_courses;

    SET v_done = FALSE;
    OPEN c_sales;
    FETCH c_sales INTO v_id;
    WHILE NOT v_done DO
      REPEAT
        SET v_busy = FALSE;
        CALL fold_flash_sale(v_id);
      UNTIL NOT v_busy END REPEAT;
      SET v_done = FALSE;
      FETCH c_sales INTO v_id;
    END WHILE;
    CLOSE c_sales;
  END;

  IF v_kept THEN
    SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1205, MESSAGE_TEXT = 'Lock wait timeout exceeded; try restarting transaction';
  END IF;
END$$
DELIMITER ;
