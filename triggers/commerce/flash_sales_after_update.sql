-- More or fewer seats change the stock at once, also while the sale runs; another end moves the moment at which what is
-- left comes back. A settled sale that is opened again sets aside anew what it has left.

DELIMITER $$
CREATE TRIGGER flash_sales_after_update AFTER UPDATE ON flash_sales FOR EACH ROW
BEGIN
  IF NEW.end_time <> OLD.end_time THEN
    CALL reopen_flash_sale(NEW.sale_id, NEW.course_id, NEW.end_time);
  END IF;
  IF NEW.max_seats <> OLD.max_seats THEN
    CALL resize_flash_sale(NEW.sale_id, NEW.course_id, CAST(NEW.max_seats AS SIGNED) - CAST(OLD.max_seats AS SIGNED));
  END IF;
END$$
DELIMITER ;
