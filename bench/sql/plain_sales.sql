-- Sales as the textbook keeps them: the seats are counted in the sale's own row, and no trigger slows it down.

CREATE TABLE plain_sales (
  sale_id        BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  course_id      BIGINT UNSIGNED NOT NULL,
  max_seats      INT UNSIGNED    NOT NULL,
  seats_taken    INT UNSIGNED    NOT NULL DEFAULT 0,
  discount_price DECIMAL(10,2)   NOT NULL,
  start_time     DATETIME(6)     NOT NULL,
  end_time       DATETIME(6)     NOT NULL
);
