-- Turns a held seat into an enrollment, with no moment in between at which somebody else could take it; what was bought
-- leaves the buyer's carts. The seat limit and the prerequisites were decided when the seat was held.
--
-- Parameters
--   p_student_id     who, locked by the caller
--   p_course_id      what
--   p_enrollment_id  the new enrollment; NULL: nothing was held, the course is off the market, or the student is
--                    enrolled meanwhile or deleted
-- Example
--   CALL redeem_hold(7, 1, @enrollment_id);

DELIMITER $$
CREATE PROCEDURE redeem_hold(
  IN  p_student_id    BIGINT UNSIGNED,
  IN  p_course_id     BIGINT UNSIGNED,
  OUT p_enrollment_id BIGINT UNSIGNED
)
  COMMENT 'Turns a held seat into an enrollment'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
redemption: BEGIN
  DECLARE v_status     VARCHAR(20);
  DECLARE v_deleted_at DATETIME(6);

  SELECT deleted_at INTO v_deleted_at FROM users WHERE user_id = p_student_id FOR UPDATE;
  SELECT status INTO v_status FROM courses WHERE course_id = p_course_id FOR SHARE;
  DELETE FROM seat_holds WHERE student_id = p_student_id AND course_id = p_course_id;
  IF ROW_COUNT() = 0 OR v_status <> 'active' OR v_deleted_at IS NOT NULL THEN
    LEAVE redemption;
  END IF;
  CALL add_enrollment(p_student_id, p_course_id, NULL, p_enrollment_id);
  DELETE item FROM carts cart STRAIGHT_JOIN cart_items item USING (cart_id)
   WHERE cart.user_id = p_student_id AND item.course_id = p_course_id;
END$$
DELIMITER ;
