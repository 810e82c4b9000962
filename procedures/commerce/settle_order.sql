-- Enrolls a buyer in the courses of an order, in the order of their ids, and books a charge for each.
--
-- Parameters
--   p_order_id        which order, locked by the caller
--   p_user_id         who buys
--   p_enroll          FALSE: only book the money, the order was decided before
--   p_transaction_id  the gateway's id; NULL: there is nothing to charge
--   p_missed          how many courses the buyer is not enrolled in
-- Errors
--   30005 KEY_REUSED  a payment with that transaction id stands already
-- Example
--   CALL settle_order(9, 7, TRUE, 'ch_3AbC', @missed);

DELIMITER $$
CREATE PROCEDURE settle_order(
  IN  p_order_id       BIGINT UNSIGNED,
  IN  p_user_id        BIGINT UNSIGNED,
  IN  p_enroll         BOOLEAN,
  IN  p_transaction_id VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin,
  OUT p_missed         INT
)
  COMMENT 'Enrolls a buyer in the courses of an order, books the charges'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_course_id     BIGINT UNSIGNED;
  DECLARE v_amount        DECIMAL(10,2);
  DECLARE v_enrollment_id BIGINT UNSIGNED;
  DECLARE v_done          BOOLEAN DEFAULT FALSE;
  DECLARE c_items CURSOR FOR
    SELECT course_id, amount FROM order_items WHERE order_id = p_order_id ORDER BY course_id FOR SHARE;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

  SET p_missed = 0;
  OPEN c_items;
  FETCH c_items INTO v_course_id, v_amount;
  WHILE NOT v_done DO
    SET v_enrollment_id = NULL;
    IF p_enroll THEN
      CALL redeem_hold(p_user_id, v_course_id, v_enrollment_id);
    END IF;
    IF p_transaction_id IS NOT NULL AND v_amount > 0 THEN
      CALL charge_for_item(p_order_id, p_user_id, v_course_id, v_enrollment_id, v_amount,
                           CONCAT(p_transaction_id, '#', v_course_id));
    END IF;
    SET p_missed = p_missed + (v_enrollment_id IS NULL), v_done = FALSE;  -- "not found" inside is not the cursor's
    FETCH c_items INTO v_course_id, v_amount;
  END WHILE;
  CLOSE c_items;
END$$
DELIMITER ;
