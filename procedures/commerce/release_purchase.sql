-- Fails a pending payment and gives up the seat it holds.
--
-- Parameters
--   p_payment_id  the pending payment, locked by the caller
--   p_reason      why; may be NULL
-- Example
--   CALL release_purchase(31, 'card declined');

DELIMITER $$
CREATE PROCEDURE release_purchase(IN p_payment_id BIGINT UNSIGNED, IN p_reason VARCHAR(500))
  COMMENT 'Fails a pending payment and gives up its seat'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  UPDATE payments SET status = 'failed', reason = p_reason WHERE payment_id = p_payment_id;
  INSERT INTO payment_events (payment_id, event_type) VALUES (p_payment_id, 'failed');
  DELETE FROM seat_holds WHERE payment_id = p_payment_id;
END$$
DELIMITER ;
