-- A new sale gets its stock, and sets its seats aside where the course has a limit.

DELIMITER $$
CREATE TRIGGER flash_sales_after_insert AFTER INSERT ON flash_sales FOR EACH ROW
BEGIN
  CALL settle_ended_sales(NEW.course_id);
  CALL set_seats_aside(NEW.course_id, NEW.max_seats);
  INSERT INTO flash_sale_holds (sale_id, course_id, end_time) VALUES (NEW.sale_id, NEW.course_id, NEW.end_time);
  CALL add_sale_stock(NEW.sale_id, NEW.max_seats);
END$$
DELIMITER ;
