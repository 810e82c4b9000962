-- Two flash sales: one long over, one that began yesterday and runs for another week.

INSERT INTO flash_sales (sale_id, course_id, max_seats, discount_price, start_time, end_time) VALUES
  (301, 106, 10, 29.00, UTC_TIMESTAMP(6) - INTERVAL 1 DAY, UTC_TIMESTAMP(6) + INTERVAL 1 DAY),
  (302, 107, 30, 19.00, UTC_TIMESTAMP(6) - INTERVAL 1 DAY, UTC_TIMESTAMP(6) + INTERVAL 7 DAY);

CALL enroll_in_flash_sale(1036, 301, @result);
CALL enroll_in_flash_sale(1011, 301, @result);
CALL enroll_in_flash_sale(1025, 301, @result);
CALL enroll_in_flash_sale(1018, 301, @result);
CALL enroll_in_flash_sale(1030, 301, @result);
CALL enroll_in_flash_sale(1023, 301, @result);
CALL enroll_in_flash_sale(1039, 301, @result);

CALL enroll_in_flash_sale(1044, 302, @result);
CALL enroll_in_flash_sale(1017, 302, @result);
CALL enroll_in_flash_sale(1046, 302, @result);
CALL enroll_in_flash_sale(1014, 302, @result);
CALL enroll_in_flash_sale(1034, 302, @result);
CALL enroll_in_flash_sale(1019, 302, @result);
CALL enroll_in_flash_sale(1043, 302, @result);
CALL enroll_in_flash_sale(1027, 302, @result);
CALL enroll_in_flash_sale(1037, 302, @result);
CALL enroll_in_flash_sale(1016, 302, @result);
CALL enroll_in_flash_sale(1050, 302, @result);

-- Only a running sale sells, so the first one is moved into the past afterwards. What it has left comes back at the
-- next fold.
UPDATE flash_sales
   SET start_time = UTC_TIMESTAMP(6) - INTERVAL 45 DAY, end_time = UTC_TIMESTAMP(6) - INTERVAL 42 DAY
 WHERE sale_id = 301;
