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
  DECLARE v_max_seats INT UNSIGNED;
  DECLARE v_ended     BOOLEAN;
  DECLARE v_left      BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;

  CALL begin_owned();
  SELECT max_seats INTO v_max_seats FROM flash_sales WHERE sale_id = p_sale_id FOR UPDATE;
  SELECT end_time < UTC_TIMESTAMP(6) INTO v_ended FROM flash_sale_terms WHERE sale_id = p_sale_id;
  IF v_ended THEN
    CALL settle_flash_sale(p_sale_id);
  END IF;
  SELECT SUM(seats_left) INTO v_left FROM flash_sale_stock WHERE sale_id = p_sale_id;
  UPDATE flash_sales SET seats_taken = v_max_seats - v_left
   WHERE sale_id = p_sale_id AND seats_taken <> v_max_seats - v_left;
  UPDATE flash_sale_terms SET state = 'folded' WHERE sale_id = p_sale_id AND state = 'settled';
  COMMIT;
END$$
DELIMITER ;
