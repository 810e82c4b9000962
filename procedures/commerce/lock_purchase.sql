-- Locks a charge in the published order: its user, its course and seats, the charge. One that is archived was decided long
-- ago: its status stands in the history.
--
-- Parameters
--   p_payment_id  which charge
--   p_user_id     who pays
--   p_course_id   what it is for; NULL: not told by the charge
--   p_status      its status
-- Errors
--   30025 NO_SUCH_PAYMENT
-- Example
--   CALL lock_purchase(31, @user_id, @course_id, @status);

DELIMITER $$
CREATE PROCEDURE lock_purchase(
  IN  p_payment_id BIGINT UNSIGNED,
  OUT p_user_id    BIGINT UNSIGNED,
  OUT p_course_id  BIGINT UNSIGNED,
  OUT p_status     VARCHAR(20)
)
  COMMENT 'Locks a charge, its user, its course and seats'
  SQL SECURITY DEFINER NOT DETERMINISTIC READS SQL DATA
BEGIN
  DECLARE v_deleted_at DATETIME(6);

  SELECT user_id, course_id INTO p_user_id, p_course_id
    FROM payments WHERE payment_id = p_payment_id AND kind = 'charge';
  IF p_user_id IS NULL THEN  -- an old snapshot does not show a new charge
    SELECT user_id, course_id INTO p_user_id, p_course_id
      FROM payments WHERE payment_id = p_payment_id AND kind = 'charge' FOR SHARE;
  END IF;
  IF p_user_id IS NULL THEN
    SELECT user_id, course_id INTO p_user_id, p_course_id
      FROM payments_history WHERE payment_id = p_payment_id AND kind = 'charge' FOR SHARE;
  END IF;
  IF p_user_id IS NULL THEN
    CALL raise_error('NO_SUCH_PAYMENT', p_payment_id);
  END IF;
  CALL lock_user(p_user_id, v_deleted_at);
  CALL lock_seats(p_course_id);
  SELECT status INTO p_status FROM payments WHERE payment_id = p_payment_id FOR UPDATE;
  IF p_status IS NULL THEN
    SELECT status INTO p_status FROM payments_history WHERE payment_id = p_payment_id FOR SHARE;
  END IF;
END$$
DELIMITER ;
