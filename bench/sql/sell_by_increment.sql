-- The textbook's flash sale without its lock: the seat is taken by a conditional increment, as the last statement
-- before the commit, so that the row is locked for as short a time as can be. Sold out, everything is rolled back.

DELIMITER $$
CREATE PROCEDURE sell_by_increment(
  IN  p_user_id BIGINT UNSIGNED,
  IN  p_sale_id BIGINT UNSIGNED,
  OUT p_result  VARCHAR(100)
)
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
sale: BEGIN
  DECLARE v_user_id       BIGINT UNSIGNED;
  DECLARE v_course_id     BIGINT UNSIGNED;
  DECLARE v_price         DECIMAL(10,2);
  DECLARE v_required      INT;
  DECLARE v_enrolled      INT;
  DECLARE v_enrollment_id BIGINT UNSIGNED;
  DECLARE v_payment_id    BIGINT UNSIGNED;
  DECLARE v_access_ends   DATETIME(6);
  DECLARE v_facts         JSON;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;

  START TRANSACTION;
  SELECT user_id INTO v_user_id FROM users WHERE user_id = p_user_id AND deleted_at IS NULL;
  SELECT sale.course_id, sale.discount_price INTO v_course_id, v_price
    FROM plain_sales sale JOIN courses course ON course.course_id = sale.course_id AND course.status = 'active'
   WHERE sale.sale_id = p_sale_id AND UTC_TIMESTAMP(6) BETWEEN sale.start_time AND sale.end_time;
  IF v_course_id IS NULL THEN
    SET p_result = 'NOT_ACTIVE';
    ROLLBACK;
    LEAVE sale;
  END IF;
  SELECT COUNT(*) INTO v_required FROM course_prerequisites WHERE course_id = v_course_id;
  IF v_required > 0 THEN
    SELECT v_required - COUNT(*) INTO v_required
      FROM course_prerequisites required
      JOIN enrollments done ON done.student_id = p_user_id AND done.course_id = required.prerequisite_course_id
     WHERE required.course_id = v_course_id AND done.in_force = 1 AND done.status = 'completed';
  END IF;
  IF v_user_id IS NULL OR v_required > 0 THEN
    SET p_result = 'NOT_ELIGIBLE';
    ROLLBACK;
    LEAVE sale;
  END IF;
  SELECT UTC_TIMESTAMP(6) + INTERVAL value MONTH INTO v_access_ends FROM policies WHERE name = 'access_months';
  SELECT COUNT(*) INTO v_enrolled FROM enrollments
   WHERE student_id = p_user_id AND course_id = v_course_id AND in_force = 1;
  IF v_enrolled > 0 THEN
    SET p_result = 'ALREADY_ENROLLED';
    ROLLBACK;
    LEAVE sale;
  END IF;

  INSERT INTO enrollments (student_id, course_id, flash_sale_id) VALUES (p_user_id, v_course_id, p_sale_id);
  SET v_enrollment_id = LAST_INSERT_ID(), @_learnhub_enrolled = v_enrollment_id;  -- spares the triggers a look
  INSERT INTO course_access (student_id, course_id, access_expires_at)
  VALUES (p_user_id, v_course_id, v_access_ends) AS fresh
      ON DUPLICATE KEY UPDATE access_expires_at = fresh.access_expires_at;
  INSERT INTO payments (user_id, enrollment_id, amount, payment_method, status, transaction_id)
  VALUES (p_user_id, v_enrollment_id, v_price, 'credit_card', 'completed', CONCAT('flash_', p_sale_id, '_', UUID()));
  SET v_payment_id = LAST_INSERT_ID();
  SET v_facts = JSON_OBJECT('enrollment_id', v_enrollment_id, 'amount', v_price);
  INSERT INTO payment_events (payment_id, event_type, event_data) VALUES
    (v_payment_id, 'initiated',               v_facts),
    (v_payment_id, 'payment_gateway_success', v_facts),
    (v_payment_id, 'enrollment_created',      v_facts),
    (v_payment_id, 'completion_confirmed',    v_facts);
  UPDATE plain_sales SET seats_taken = seats_taken + 1 WHERE sale_id = p_sale_id AND seats_taken < max_seats;
  IF ROW_COUNT() = 0 THEN
    SET p_result = 'SOLD_OUT';
    ROLLBACK;
    LEAVE sale;
  END IF;
  COMMIT;
  SET p_result = 'SUCCESS';
END$$
DELIMITER ;
