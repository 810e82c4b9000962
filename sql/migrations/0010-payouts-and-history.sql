-- What instructors are paid, what is put away by year, and the star that reports look at.

ALTER TABLE course_seats
  ADD COLUMN seats_granted INT UNSIGNED NOT NULL DEFAULT 0
      COMMENT 'Never more seats are taken: the limit, or what was taken already when it was set';
UPDATE course_seats SET seats_granted = GREATEST(seats, seats_taken);
