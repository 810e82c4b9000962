-- Locks an order in the published order: its user, its courses by course_id with their seats, the order.
--
-- Parameters
--   p_order_id  which order
--   p_user_id   who buys
--   p_status    its status
-- Errors
--   30028 NO_SUCH_ORDER
-- Example
--   CALL lock_order(9, @user_id, @status);

DELIMITER $$
CREATE PROCEDURE lock_order(IN p_order_id BIGINT UNSIGNED, OUT p_user_id BIGINT UNSIGNED, OUT p_status VARCHAR(20))
  COMMENT 'Locks an order, its user, its courses and seats'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_deleted_at DATETIME(6);
  DECLARE v_course_id  BIGINT UNSIGNED;
  DECLARE v_done       BOOLEAN DEFAULT FALSE;
  DECLARE c_items CURSOR FOR
    SELECT course_id FROM order_items WHERE order_id = p_order_id ORDER BY course_id FOR SHARE;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

  SELECT user_id INTO p_user_id FROM orders WHERE order_id = p_order_id;
  IF p_user_id IS NULL THEN  -- an old snapshot does not show a new order
    SELECT user_id INTO p_user_id FROM orders WHERE order_id = p_order_id FOR SHARE;
  END IF;
  IF p_user_id IS NULL THEN
    CALL raise_error('NO_SUCH_ORDER', p_order_id);
  END IF;
  CALL lock_user(p_user_id, v_deleted_at);

  OPEN c_items;
  SET v_done = FALSE;
  FETCH c_items INTO v_course_id;
  WHILE NOT v_done DO
    CALL lock_seats(v_course_id);
    SET v_done = FALSE;  -- a "not found" inside the call is not the cursor's
    FETCH c_items INTO v_course_id;
  END WHILE;
  CLOSE c_items;
  SELECT status INTO p_status FROM orders WHERE order_id = p_order_id FOR UPDATE;
END$$
DELIMITER ;
