-- Makes a confirmed order refunded when no charge of it is left.
--
-- Parameters
--   p_order_id  which order
-- Example
--   CALL settle_refunded_order(9);

DELIMITER $$
CREATE PROCEDURE settle_refunded_order(IN p_order_id BIGINT UNSIGNED)
  COMMENT 'Makes a confirmed order refunded when no charge of it is left'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_left     INT;
  DECLARE v_archived INT;

  SELECT COUNT(*) INTO v_left
    FROM payments WHERE order_id = p_order_id AND kind = 'charge' AND status = 'completed' FOR SHARE;
  SELECT COUNT(*) INTO v_archived
    FROM payments_history WHERE order_id = p_order_id AND kind = 'charge' AND status = 'completed' FOR SHARE;
  IF v_left + v_archived = 0 THEN
    UPDATE orders SET status = 'refunded' WHERE order_id = p_order_id AND status = 'confirmed';
  END IF;
END$$
DELIMITER ;
