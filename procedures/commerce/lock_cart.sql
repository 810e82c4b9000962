-- Locks a cart and before it its user; nothing can be put into it meanwhile.
--
-- Parameters
--   p_cart_id     which cart
--   p_user_id     whose
--   p_deleted_at  when the user was deleted, UTC; NULL: was not
-- Errors
--   30027 NO_SUCH_CART
-- Example
--   CALL lock_cart(4, @user_id, @deleted_at);

DELIMITER $$
CREATE PROCEDURE lock_cart(IN p_cart_id BIGINT UNSIGNED, OUT p_user_id BIGINT UNSIGNED, OUT p_deleted_at DATETIME(6))
  COMMENT 'Locks a cart and its user'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_owner BIGINT UNSIGNED;

  SELECT user_id INTO v_owner FROM carts WHERE cart_id = p_cart_id;
  IF v_owner IS NULL THEN  -- an old snapshot does not show a new cart
    SELECT user_id INTO v_owner FROM carts WHERE cart_id = p_cart_id FOR SHARE;
  END IF;
  IF v_owner IS NOT NULL THEN
    CALL lock_user(v_owner, p_deleted_at);
    SELECT user_id INTO p_user_id FROM carts WHERE cart_id = p_cart_id FOR UPDATE;
  END IF;
  IF NOT p_user_id <=> v_owner OR p_user_id IS NULL THEN  -- also one that changed hands or went meanwhile
    CALL raise_error('NO_SUCH_CART', p_cart_id);
  END IF;
END$$
DELIMITER ;
