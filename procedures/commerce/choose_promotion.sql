-- Decides whether a promotion makes a cart cheaper, under the promotion's lock: its last use goes to one order.
--
-- Parameters
--   p_code          what the buyer typed; NULL or empty: none
--   p_user_id       who buys
--   p_cart_id       what
--   p_promotion_id  the promotion; NULL: none
--   p_promoted      the courses of the cart that it makes cheaper, a JSON array of ids
--   p_word          one of the outcomes
-- Outcomes
--   PROMOTION_INVALID    no such code, switched off, not yet or no longer valid, or for nothing in the cart
--   PROMOTION_EXHAUSTED  used up, in total or by this buyer
--   BELOW_MINIMUM        the cart is worth less than the promotion asks for
--   CAN_ENROLL           nothing stands against it
-- Example
--   CALL choose_promotion('SPRING', 7, 4, @promotion_id, @promoted, @word);
--   SELECT @promotion_id, @promoted, @word;
--   2  [1, 5]  CAN_ENROLL

DELIMITER $$
CREATE PROCEDURE choose_promotion(
  IN  p_code         VARCHAR(100),
  IN  p_user_id      BIGINT UNSIGNED,
  IN  p_cart_id      BIGINT UNSIGNED,
  OUT p_promotion_id BIGINT UNSIGNED,
  OUT p_promoted     JSON,
  OUT p_word         VARCHAR(50)
)
  COMMENT 'Decides whether a promotion makes a cart cheaper'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
promotion: BEGIN
  -- what is not ASCII becomes a question mark, which no code has
  DECLARE v_code         VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin DEFAULT CONVERT(p_code USING ascii);
  DECLARE v_is_valid     BOOLEAN;
  DECLARE v_course_id    BIGINT UNSIGNED;
  DECLARE v_category_id  BIGINT UNSIGNED;
  DECLARE v_minimum      DECIMAL(10,2);
  DECLARE v_is_used_up   BOOLEAN;
  DECLARE v_per_customer INT UNSIGNED;
  DECLARE v_own_uses     INT UNSIGNED;
  DECLARE v_subtotal     DECIMAL(12,2);

  IF COALESCE(v_code, '') = '' THEN
    SET p_word = 'CAN_ENROLL';
    LEAVE promotion;
  END IF;
  SELECT promotion_id, course_id, category_id, min_purchase, COALESCE(uses_count >= max_uses, FALSE), per_customer,
         is_active AND COALESCE(valid_from <= UTC_TIMESTAMP(6), TRUE) AND COALESCE(valid_until >= UTC_TIMESTAMP(6), TRUE)
    INTO p_promotion_id, v_course_id, v_category_id, v_minimum, v_is_used_up, v_per_customer, v_is_valid
    FROM promotions WHERE code = v_code FOR UPDATE;
  CALL find_promoted_courses(p_cart_id, v_course_id, v_category_id, p_promoted);
  SELECT COUNT(*) INTO v_own_uses FROM promotion_uses
   WHERE promotion_id = p_promotion_id AND user_id = p_user_id FOR SHARE;
  SELECT SUM(course.price) INTO v_subtotal
    FROM cart_items item JOIN courses course USING (course_id) WHERE item.cart_id = p_cart_id FOR SHARE;

  SET p_word = CASE WHEN p_promoted IS NULL OR NOT COALESCE(v_is_valid, FALSE)         THEN 'PROMOTION_INVALID'
                    WHEN v_is_used_up OR COALESCE(v_own_uses >= v_per_customer, FALSE) THEN 'PROMOTION_EXHAUSTED'
                    WHEN v_subtotal < v_minimum                                        THEN 'BELOW_MINIMUM'
                    ELSE 'CAN_ENROLL' END;
END$$
DELIMITER ;
