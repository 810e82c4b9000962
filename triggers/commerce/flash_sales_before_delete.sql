-- A sale that sold nothing can go: its seats come back, its stock goes with it.

DELIMITER $$
CREATE TRIGGER flash_sales_before_delete BEFORE DELETE ON flash_sales FOR EACH ROW
BEGIN
  CALL withdraw_flash_sale(OLD.sale_id, OLD.course_id, OLD.max_seats);
END$$
DELIMITER ;
