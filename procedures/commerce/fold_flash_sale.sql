-- Writes how many seats of a sale are taken into its row; settles the sale when it has ended.
--
-- Parameters
--   p_sale_id  which sale
-- Example
--   CALL fold_flash_sale(3);

DELIMITER $$
CREATE PROCEDURE fold_flash_sale(IN p_sale_id BIGINT UNSIGNED)
  COMMENT 'Writes how many seats of a sale are taken into its row'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_course_id BIGINT UNSIGNED;
  DECLARE v_left      BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;

  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;
  SELECT course_id INTO v_course_id
    FROM courses WHERE course_id = (SELECT course_id FROM flash_sales WHERE sale_id = p_sale_id) FOR SHARE;
  CALL settle_flash_sale(p_sale_id);
  SELECT SUM(seats_left) INTO v_left FROM flash_sale_stock WHERE sale_id = p_sale_id;
  UPDATE flash_sales SET seats_taken = max_seats - v_left
   WHERE sale_id = p_sale_id AND seats_taken <> max_seats - v_left;
  COMMIT;
END$$
DELIMITER ;
