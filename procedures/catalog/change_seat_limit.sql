-- Makes a course's row of course_seats follow its seat limit.
--
-- A course that becomes limited gets its row, counted while the course is locked; one that becomes unlimited loses it.
--
-- Parameters
--   p_course_id  which course, locked by the caller
--   p_old_limit  max_students before; NULL: unlimited
--   p_new_limit  max_students now; NULL: unlimited
-- Errors
--   30019 SEATS_NOT_FREE  a running sale has set more seats aside than a lower limit leaves
-- Example
--   CALL change_seat_limit(1, NULL, 50);

DELIMITER $$
CREATE PROCEDURE change_seat_limit(
  IN p_course_id BIGINT UNSIGNED,
  IN p_old_limit INT UNSIGNED,
  IN p_new_limit INT UNSIGNED
)
  COMMENT 'Makes the row of course_seats follow the limit'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_taken INT;
  DECLARE v_aside INT;

  IF p_new_limit IS NULL THEN
    DELETE FROM course_seats WHERE course_id = p_course_id;
  ELSE
    CALL settle_ended_sales(p_course_id);
    SELECT COUNT(*) INTO v_aside
      FROM flash_sale_terms terms JOIN flash_sale_stock stock USING (sale_id)
     WHERE terms.course_id = p_course_id AND terms.state = 'open' AND stock.seats_left > 0 FOR SHARE;
    IF p_old_limit IS NULL THEN
      INSERT INTO course_seats (course_id, seats, seats_taken)
      VALUES (p_course_id, p_new_limit, count_seats_taken(p_course_id));
    ELSE
      UPDATE course_seats SET seats = p_new_limit WHERE course_id = p_course_id;
    END IF;
    SELECT seats_taken INTO v_taken FROM course_seats WHERE course_id = p_course_id FOR UPDATE;
    UPDATE course_seats SET seats_granted = GREATEST(p_new_limit, v_taken) WHERE course_id = p_course_id;
    IF v_aside > 0 AND v_taken > p_new_limit AND p_new_limit < COALESCE(p_old_limit, p_new_limit + 1) THEN
      CALL raise_error('SEATS_NOT_FREE', p_course_id);
    END IF;
  END IF;
END$$
DELIMITER ;
