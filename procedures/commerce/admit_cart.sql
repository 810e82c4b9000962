-- Decides whether somebody may buy every course in a cart, under lock. Courses are taken in the order of their ids, so
-- that carts with the same courses in them wait for each other and never in a circle.
--
-- Parameters
--   p_cart_id  which cart, locked by the caller
--   p_user_id  who
--   p_word     one of the outcomes: of several courses the one that comes first here
-- Outcomes
--   CART_EMPTY             nothing lies in it
--   COURSE_NOT_AVAILABLE   a course is draft or archived
--   ALREADY_ENROLLED       an enrollment is in force, or a purchase or order of a course is pending
--   MISSING_PREREQUISITES  something required is not completed
--   COURSE_FULL            no seat is free
--   CAN_ENROLL             nothing stands against it
-- Example
--   CALL admit_cart(4, 7, @word);
--   SELECT @word;
--   CAN_ENROLL

DELIMITER $$
CREATE PROCEDURE admit_cart(IN p_cart_id BIGINT UNSIGNED, IN p_user_id BIGINT UNSIGNED, OUT p_word VARCHAR(50))
  COMMENT 'Decides whether somebody may buy every course in a cart'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_course_id BIGINT UNSIGNED;
  DECLARE v_word      VARCHAR(50);
  DECLARE v_price     DECIMAL(10,2);
  DECLARE v_first     INT DEFAULT 6;
  DECLARE v_done      BOOLEAN DEFAULT FALSE;
  DECLARE c_items CURSOR FOR
    SELECT course_id FROM cart_items WHERE cart_id = p_cart_id ORDER BY course_id FOR SHARE;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

  OPEN c_items;
  FETCH c_items INTO v_course_id;
  WHILE NOT v_done DO
    CALL admit_buyer(p_user_id, v_course_id, v_word, v_price);
    SET v_first = LEAST(v_first, FIELD(v_word, 'COURSE_NOT_AVAILABLE', 'ALREADY_ENROLLED', 'MISSING_PREREQUISITES',
                                       'COURSE_FULL', 'CAN_ENROLL'));
    SET v_done = FALSE;  -- a "not found" inside the call is not the cursor's
    FETCH c_items INTO v_course_id;
  END WHILE;
  CLOSE c_items;
  SET p_word = ELT(v_first, 'COURSE_NOT_AVAILABLE', 'ALREADY_ENROLLED', 'MISSING_PREREQUISITES', 'COURSE_FULL',
                   'CAN_ENROLL', 'CART_EMPTY');
END$$
DELIMITER ;
