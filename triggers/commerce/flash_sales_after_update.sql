-- New terms and more or fewer seats hold at once, also while the sale runs.

DELIMITER $$
CREATE TRIGGER flash_sales_after_update AFTER UPDATE ON flash_sales FOR EACH ROW
BEGIN
  IF NEW.discount_price <> OLD.discount_price OR NEW.start_time <> OLD.start_time OR NEW.end_time <> OLD.end_time THEN
    CALL change_sale_terms(NEW.sale_id, NEW.discount_price, NEW.start_time, NEW.end_time);
  END IF;
  IF NEW.max_seats <> OLD.max_seats THEN
    CALL resize_flash_sale(NEW.sale_id, NEW.course_id, CAST(NEW.max_seats AS SIGNED) - CAST(OLD.max_seats AS SIGNED));
  END IF;
END$$
DELIMITER ;
