-- A flash sale has never more buyers than seats.
SELECT sale.sale_id, sale.max_seats, COUNT(*) AS sold
  FROM flash_sales sale
  JOIN enrollments enrollment ON enrollment.flash_sale_id = sale.sale_id
 GROUP BY sale.sale_id, sale.max_seats
HAVING COUNT(*) > sale.max_seats;
