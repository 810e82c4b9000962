-- The seats taken of a limited course are its enrollments in force, the seats held by what is not paid yet, and what
-- unsettled flash sales have left.

SELECT seats.course_id, seats.seats_taken, in_force.seats AS in_force, held.seats AS held, unsold.seats AS set_aside
  FROM course_seats seats
  JOIN LATERAL (SELECT COUNT(*) AS seats FROM enrollments
                 WHERE course_id = seats.course_id AND in_force = 1) in_force
  JOIN LATERAL (SELECT COUNT(*) AS seats FROM seat_holds WHERE course_id = seats.course_id) held
  JOIN LATERAL (SELECT COALESCE(SUM(stock.seats_left), 0) AS seats
                  FROM flash_sale_terms terms JOIN flash_sale_stock stock ON stock.sale_id = terms.sale_id
                 WHERE terms.course_id = seats.course_id AND terms.state = 'open') unsold
 WHERE seats.seats_taken <> in_force.seats + held.seats + unsold.seats;
