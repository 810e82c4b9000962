-- Locks a user's row: whatever changes what belongs to one person is done one at a time.
--
-- First in the published lock order: users, courses (by course_id), flash_sales, flash_sale_terms, flash_sale_stock,
-- course_seats (by course_id), promotions. What belongs to one user (carts, orders, held seats, enrollments, payments,
-- progress) is reached under that user's lock.
--
-- Parameters
--   p_user_id     who
--   p_deleted_at  when the user was deleted, UTC; NULL: was not
-- Errors
--   30002 NO_SUCH_USER
-- Example
--   CALL lock_user(7, @deleted_at);

DELIMITER $$
CREATE PROCEDURE lock_user(IN p_user_id BIGINT UNSIGNED, OUT p_deleted_at DATETIME(6))
  COMMENT 'Locks a user''s row'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_user_id BIGINT UNSIGNED;

  SELECT user_id, deleted_at INTO v_user_id, p_deleted_at FROM users WHERE user_id = p_user_id FOR UPDATE;
  IF v_user_id IS NULL THEN
    CALL raise_error('NO_SUCH_USER', p_user_id);
  END IF;
END$$
DELIMITER ;
