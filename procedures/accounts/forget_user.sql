-- Deletes what belongs to one person and nobody has a duty to keep: wishes, carts, access, progress, tries at quizzes, the
-- database account of an instructor. Runs inside its caller's transaction.
--
-- Parameters
--   p_user_id  who, locked by the caller
-- Example
--   CALL forget_user(7);

DELIMITER $$
CREATE PROCEDURE forget_user(IN p_user_id BIGINT UNSIGNED)
  COMMENT 'Deletes what nobody has a duty to keep of one person'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_carts INT;

  SELECT COUNT(*) INTO v_carts FROM carts WHERE user_id = p_user_id FOR UPDATE;  -- nothing more comes into them
  DELETE FROM wishlist_items WHERE student_id = p_user_id;
  DELETE item FROM carts cart JOIN cart_items item ON item.cart_id = cart.cart_id WHERE cart.user_id = p_user_id;
  DELETE FROM carts WHERE user_id = p_user_id;
  DELETE FROM course_access WHERE student_id = p_user_id;
  DELETE FROM section_progress WHERE student_id = p_user_id;
  DELETE FROM lesson_progress WHERE student_id = p_user_id;
  DELETE FROM quiz_attempts WHERE student_id = p_user_id;
  DELETE FROM instructor_accounts WHERE user_id = p_user_id;
END$$
DELIMITER ;
