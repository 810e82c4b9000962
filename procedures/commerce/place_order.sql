-- Orders what lies in a cart: prices frozen, discount and tax to the cent, promotion counted, a seat of every course held
-- until confirm_order or fail_order tells how the gateway answered, or until the time is up.
--
-- Amounts are rounded half up to the cent. The parts that discount and tax have in the items are differences of rounded
-- running totals, in course_id order: they add up. What was ordered leaves the cart when it is confirmed. Called again
-- with the same arguments it returns the first PENDING or CONFIRMED and changes nothing; after a refusal it tries again.
-- Fraud rules that fire write their alerts and refuse nothing.
--
-- Parameters
--   p_cart_id          which cart
--   p_promotion_code   a code of promotions; may be NULL or empty: none; at most 100 characters
--   p_idempotency_key  the caller's key; at most 120 characters, ASCII
--   p_order_id         the order; NULL unless PENDING or CONFIRMED
--   p_status           one of the outcomes; of several courses the one that comes first here
-- Outcomes
--   CART_EMPTY             nothing lies in it
--   COURSE_NOT_AVAILABLE   a course is draft or archived
--   ALREADY_ENROLLED       an enrollment is in force, or a purchase or order of a course is pending
--   MISSING_PREREQUISITES  something required is not completed
--   COURSE_FULL            no seat is free
--   PROMOTION_INVALID      no such code, switched off, not yet or no longer valid, or for nothing in the cart
--   PROMOTION_EXHAUSTED    used up, in total or by this buyer
--   BELOW_MINIMUM          the cart is worth less than the promotion asks for
--   CONFIRMED              the total is 0: enrolled already, there is nothing to pay
--   PENDING                the seats are held; now ask the gateway for the order's total
-- Errors
--   30001 MISSING_ARGUMENT
--   30003 USER_DELETED
--   30005 KEY_REUSED
--   30027 NO_SUCH_CART
--   30063 TOO_LONG
--   30064 NOT_ASCII
--   30065 OUT_OF_RANGE
-- Example
--   CALL place_order(4, 'SPRING', 'cart-4', @order_id, @status);
--   SELECT @order_id, @status;
--   9  PENDING

DELIMITER $$
CREATE PROCEDURE place_order(
  IN  p_cart_id         BIGINT,
  IN  p_promotion_code  LONGTEXT,
  IN  p_idempotency_key LONGTEXT,
  OUT p_order_id        BIGINT UNSIGNED,
  OUT p_status          VARCHAR(50)
)
  COMMENT 'Orders what lies in a cart'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_joined       BOOLEAN;
  DECLARE v_idempotency_key VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_user_id      BIGINT UNSIGNED;
  DECLARE v_deleted_at   DATETIME(6);
  DECLARE v_receipt      JSON;
  DECLARE v_promotion_id BIGINT UNSIGNED;
  DECLARE v_promoted     JSON;
  DECLARE v_arguments    LONGTEXT DEFAULT CONCAT_WS('|', p_cart_id, NULLIF(p_promotion_code, ''));
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;  -- a deadlock has undone everything already
      IF v_joined THEN ROLLBACK TO SAVEPOINT place_order; END IF;
    END;
    IF NOT v_joined THEN ROLLBACK; END IF;
    RESIGNAL;
  END;

  CALL require_id('p_cart_id', p_cart_id);
  CALL require_key('p_idempotency_key', p_idempotency_key, 120);
  CALL refuse_long('p_promotion_code', p_promotion_code, 100);
  SET v_idempotency_key = p_idempotency_key;

  CALL begin_or_join(v_joined);
  SAVEPOINT place_order;
  CALL lock_cart(p_cart_id, v_user_id, v_deleted_at);
  CALL claim_receipt('place_order', v_idempotency_key, v_arguments, v_receipt);
  IF v_receipt IS NULL THEN
    IF v_deleted_at IS NOT NULL THEN
      CALL raise_error('USER_DELETED', v_user_id);
    END IF;
    CALL admit_cart(p_cart_id, v_user_id, p_status);
    IF p_status = 'CAN_ENROLL' THEN
      CALL choose_promotion(p_promotion_code, v_user_id, p_cart_id, v_promotion_id, v_promoted, p_status);
    END IF;
    IF p_status = 'CAN_ENROLL' THEN
      CALL write_order(p_cart_id, v_user_id, v_promotion_id, v_promoted, p_order_id, p_status);
    END IF;
    IF p_status = 'PENDING' THEN
      CALL score_order(p_order_id, v_user_id);
    END IF;
    IF p_status IN ('PENDING', 'CONFIRMED') THEN
      UPDATE receipts SET outcome = JSON_OBJECT('status', p_status, 'order_id', p_order_id)
       WHERE operation = 'place_order' AND receipt_key = v_idempotency_key;
    ELSE
      ROLLBACK TO SAVEPOINT place_order;
      SET p_order_id = NULL;
    END IF;
  ELSE
    SET p_status   = JSON_VALUE(v_receipt, '$.status'),
        p_order_id = JSON_VALUE(v_receipt, '$.order_id' RETURNING UNSIGNED);
  END IF;

  IF v_joined THEN RELEASE SAVEPOINT place_order; ELSE COMMIT; END IF;
END$$
DELIMITER ;
