-- Writes an order of what lies in a cart: order, items, promotion use, held seats; one of total 0 is confirmed at once.
-- Runs inside its caller's transaction, the courses being locked.
--
-- Parameters
--   p_cart_id       which cart
--   p_user_id       who buys
--   p_promotion_id  the promotion; NULL: none
--   p_promoted      the courses that it makes cheaper, a JSON array of ids
--   p_order_id      the order
--   p_status        one of the outcomes
-- Outcomes
--   ALREADY_ENROLLED  or a seat held already, by a call that the caller's snapshot does not show
--   CONFIRMED         the total is 0: enrolled already
--   PENDING           the seats are held
-- Example
--   CALL write_order(4, 7, 2, '[1, 5]', @order_id, @status);

DELIMITER $$
CREATE PROCEDURE write_order(
  IN  p_cart_id      BIGINT UNSIGNED,
  IN  p_user_id      BIGINT UNSIGNED,
  IN  p_promotion_id BIGINT UNSIGNED,
  IN  p_promoted     JSON,
  OUT p_order_id     BIGINT UNSIGNED,
  OUT p_status       VARCHAR(50)
)
  COMMENT 'Writes an order of what lies in a cart'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_discount DECIMAL(12,2);
  DECLARE v_tax      DECIMAL(12,2);
  DECLARE v_subtotal DECIMAL(12,2);
  DECLARE v_promoted DECIMAL(12,2);
  DECLARE v_missed   INT;
  DECLARE EXIT HANDLER FOR 1062 SET p_status = 'ALREADY_ENROLLED';

  SELECT SUM(course.price), SUM(IF(item.course_id MEMBER OF (p_promoted), course.price, 0)) INTO v_subtotal, v_promoted
    FROM cart_items item JOIN courses course USING (course_id) WHERE item.cart_id = p_cart_id FOR SHARE;
  SELECT IF(discount_type = 'percentage', ROUND(v_promoted * amount / 100, 2), LEAST(v_promoted, amount)) INTO v_discount
    FROM promotions WHERE promotion_id = p_promotion_id FOR SHARE;
  SET v_discount = COALESCE(v_discount, 0),
      v_tax = ROUND((v_subtotal - v_discount) * policy_value('tax_percent') / 100, 2);

  INSERT INTO orders (user_id, promotion_id, subtotal, discount_amount, tax_amount, total)
  VALUES (p_user_id, p_promotion_id, v_subtotal, v_discount, v_tax, v_subtotal - v_discount + v_tax);
  SET p_order_id = LAST_INSERT_ID();
  INSERT INTO order_items (order_id, course_id, unit_price, discount_amount, tax_amount)
  WITH priced AS (
    SELECT course_id, course.price, IF(course_id MEMBER OF (p_promoted), course.price, 0) AS promoted
      FROM cart_items item JOIN courses course USING (course_id) WHERE item.cart_id = p_cart_id
  ), running AS (
    SELECT course_id, price, promoted, SUM(promoted) OVER so_far AS promoted_so_far, SUM(price) OVER so_far AS price_so_far
      FROM priced WINDOW so_far AS (ORDER BY course_id ROWS UNBOUNDED PRECEDING)
  ), discounted AS (
    SELECT course_id, price, price_so_far,
           running_share(v_discount, promoted_so_far, v_promoted) AS discount_so_far,
           running_share(v_discount, promoted_so_far - promoted, v_promoted) AS discount_before
      FROM running
  )
  SELECT p_order_id, course_id, price, discount_so_far - discount_before,
         running_share(v_tax, price_so_far - discount_so_far, v_subtotal - v_discount)
         - running_share(v_tax, price_so_far - price - discount_before, v_subtotal - v_discount)
    FROM discounted;
  INSERT INTO seat_holds (student_id, course_id, order_id)
  SELECT p_user_id, course_id, p_order_id FROM order_items WHERE order_id = p_order_id ORDER BY course_id;
  IF p_promotion_id IS NOT NULL THEN
    INSERT INTO promotion_uses (promotion_id, order_id, user_id) VALUES (p_promotion_id, p_order_id, p_user_id);
  END IF;

  SET p_status = 'PENDING';
  IF v_subtotal - v_discount + v_tax = 0 THEN
    CALL settle_order(p_order_id, p_user_id, TRUE, NULL, v_missed);
    UPDATE orders SET status = 'confirmed' WHERE order_id = p_order_id;
    SET p_status = IF(v_missed = 0, 'CONFIRMED', 'ALREADY_ENROLLED');
  END IF;
END$$
DELIMITER ;
