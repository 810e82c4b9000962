-- A course with a seat limit has never more seats taken than it has: only those taken before the limit was set or
-- lowered may stand above it.
-- along: course_seats.course_id
SELECT course_id, seats, seats_granted, seats_taken
  FROM course_seats
 WHERE course_id BETWEEN @first AND @last AND seats_taken > seats_granted;
