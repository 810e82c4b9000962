CREATE TEMPORARY TABLE t (
  id INT,
  delimiter CHAR(1),
  delimiter_name VARCHAR(9)
);
SELECT id,
  delimiter
FROM t;
