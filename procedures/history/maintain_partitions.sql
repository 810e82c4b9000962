-- Gives the history a partition for each coming year, and drops the years past keeping with everything in them.
--
-- The first partition also holds what is older than it. Dropped rows are gone: export them before. Their transaction ids
-- stay in payment_keys. Again it changes nothing; of two runs at once the second waits. A change of a table commits, and
-- waits ten seconds at most for those who use the table.
--
-- Parameters
--   p_years_ahead  years after this one that have a partition
--   p_keep_years   years before this one that are kept
-- Errors
--   30001 MISSING_ARGUMENT
--   30009 IN_TRANSACTION
--   30062 BAD_YEARS
-- Example
--   CALL maintain_partitions(2, 10);

DELIMITER $$
CREATE PROCEDURE maintain_partitions(IN p_years_ahead BIGINT, IN p_keep_years BIGINT)
  COMMENT 'Adds coming years to the history, drops those past keeping'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_lock      CHAR(64) DEFAULT SHA2(CONCAT('maintain_partitions.', DATABASE()), 256);
  DECLARE v_year      INT      DEFAULT YEAR(UTC_DATE());
  DECLARE v_lock_wait BIGINT   DEFAULT @@SESSION.lock_wait_timeout;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    SET SESSION lock_wait_timeout = v_lock_wait;
    DO RELEASE_LOCK(v_lock);
    RESIGNAL;
  END;

  CALL require_argument('p_years_ahead', p_years_ahead);
  CALL require_argument('p_keep_years', p_keep_years);
  IF p_years_ahead NOT BETWEEN 0 AND 50 THEN
    CALL raise_error('BAD_YEARS', p_years_ahead);
  ELSEIF p_keep_years NOT BETWEEN 1 AND 100 THEN
    CALL raise_error('BAD_YEARS', p_keep_years);
  END IF;
  CALL refuse_in_transaction('maintain_partitions');

  DO GET_LOCK(v_lock, 60);
  SET SESSION lock_wait_timeout = 10;
  CALL fit_partitions('payments_history', v_year + p_years_ahead, v_year - p_keep_years);
  CALL fit_partitions('payment_events_history', v_year + p_years_ahead, v_year - p_keep_years);
  SET SESSION lock_wait_timeout = v_lock_wait;
  DO RELEASE_LOCK(v_lock);
END$$
DELIMITER ;
