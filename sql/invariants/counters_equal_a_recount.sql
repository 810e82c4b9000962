-- Every counter, with what is not folded yet, equals a recount: the seats taken of a course are its enrollments in
-- force, those held, and those that sales have set aside; a sale never has more buyers than seats.
-- along: courses.course_id, promotions.promotion_id, flash_sales.sale_id
SELECT counter, row_id, stored_value, recounted_value FROM v_counter_drift WHERE row_id BETWEEN @first AND @last;
