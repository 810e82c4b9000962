-- Lets one payment or order expire, if it is still pending, in a transaction of its own. One step of
-- reconcile_pending_payments.
--
-- Parameters
--   p_payment_id  which payment; NULL: it is an order
--   p_order_id    which order; NULL: it is a payment
--   p_outcome     one of the outcomes
-- Outcomes
--   EXPIRED  failed now
--   NOTHING  no longer pending
--   FAILED   a database error: nothing changed
-- Example
--   CALL expire_pending(31, NULL, @outcome);

DELIMITER $$
CREATE PROCEDURE expire_pending(IN p_payment_id BIGINT UNSIGNED, IN p_order_id BIGINT UNSIGNED, OUT p_outcome VARCHAR(10))
  COMMENT 'One step of reconcile_pending_payments'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_user_id   BIGINT UNSIGNED;
  DECLARE v_course_id BIGINT UNSIGNED;
  DECLARE v_status    VARCHAR(20);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    SET p_outcome = 'FAILED';
  END;

  CALL begin_owned();
  SET p_outcome = 'EXPIRED';
  IF p_payment_id IS NOT NULL THEN
    CALL lock_purchase(p_payment_id, v_user_id, v_course_id, v_status);
  ELSE
    CALL lock_order(p_order_id, v_user_id, v_status);
  END IF;
  CASE v_status
    WHEN 'pending'         THEN CALL release_purchase(p_payment_id, 'expired');
    WHEN 'pending_payment' THEN CALL release_order(p_order_id, 'cancelled', 'expired');
    ELSE SET p_outcome = 'NOTHING';
  END CASE;
  COMMIT;
END$$
DELIMITER ;
