-- A new sale sets its seats aside where the course has a limit, and gets its terms and its stock.

DELIMITER $$
CREATE TRIGGER flash_sales_after_insert AFTER INSERT ON flash_sales FOR EACH ROW
BEGIN
  CALL settle_ended_sales(NEW.course_id);
  INSERT INTO flash_sale_terms (sale_id, course_id, discount_price, start_time, end_time)
  VALUES (NEW.sale_id, NEW.course_id, NEW.discount_price, NEW.start_time, NEW.end_time);
  CALL add_sale_stock(NEW.sale_id, NEW.max_seats);
  CALL set_seats_aside(NEW.course_id, NEW.max_seats);
END$$
DELIMITER ;
