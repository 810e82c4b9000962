-- Builds the facts of a UTC day anew; again with the same result. Of two runs at once the second waits.
--
-- Parameters
--   p_day  the day, UTC
-- Errors
--   30001 MISSING_ARGUMENT
--   30009 IN_TRANSACTION
--   30066 BAD_DATE
-- Example
--   CALL refresh_star('2026-11-19');
--   SELECT course_id, SUM(amount) FROM fact_sales WHERE date_key = '2026-11-19' GROUP BY course_id;
--   1  149.97

DELIMITER $$
CREATE PROCEDURE refresh_star(IN p_day DATE)
  COMMENT 'Builds the facts of a UTC day anew'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  CALL require_date('p_day', p_day);
  CALL refuse_in_transaction('refresh_star');

  BEGIN  -- its handler must not see the refusals: there the transaction is the caller's
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
      ROLLBACK;
      RESIGNAL;
    END;

    CALL begin_owned();
    INSERT INTO dim_date (date_key) VALUES (p_day)
        ON DUPLICATE KEY UPDATE refreshed_at = UTC_TIMESTAMP(6);
    CALL build_facts(p_day);
    COMMIT;
  END;
END$$
DELIMITER ;
