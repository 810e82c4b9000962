-- Ends a pending order without money: its seats and its promotion's use are given back.
--
-- Parameters
--   p_order_id  the pending order, locked by the caller
--   p_status    payment_failed, or cancelled: nobody answered in time
--   p_reason    why; may be NULL
-- Example
--   CALL release_order(9, 'payment_failed', 'card declined');

DELIMITER $$
CREATE PROCEDURE release_order(IN p_order_id BIGINT UNSIGNED, IN p_status VARCHAR(20), IN p_reason VARCHAR(500))
  COMMENT 'Ends a pending order without money'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  UPDATE orders SET status = p_status, failure_reason = p_reason WHERE order_id = p_order_id;
  DELETE FROM seat_holds WHERE order_id = p_order_id ORDER BY course_id;
  DELETE FROM promotion_uses WHERE order_id = p_order_id;
END$$
DELIMITER ;
