-- Every flash sale with its seats exact at this moment.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW flash_sale_status AS
SELECT sale.sale_id,
       sale.course_id,
       sale.max_seats,
       sale.max_seats - stock.seats_left AS seats_taken,
       stock.seats_left,
       UTC_TIMESTAMP(6) BETWEEN sale.start_time AND sale.end_time AND course.status = 'active' AS is_active
  FROM flash_sales sale
  JOIN courses course ON course.course_id = sale.course_id
  JOIN LATERAL (
       SELECT CAST(SUM(seats_left) AS SIGNED) AS seats_left FROM flash_sale_stock WHERE sale_id = sale.sale_id) stock;
