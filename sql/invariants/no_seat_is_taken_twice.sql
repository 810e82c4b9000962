-- A course with a seat limit has never more seats taken than it has: only those taken before the limit was set or lowered
-- may stand above it.
SELECT course_id, seats, seats_granted, seats_taken FROM course_seats WHERE seats_taken > seats_granted;
