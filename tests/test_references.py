"""What a view reads is found where the server finds it, and nowhere else."""

from __future__ import annotations

import pytest

from learnhub_db.stored_programs import references


@pytest.mark.parametrize(
    ("sql", "read"),
    [
        ("SELECT DISTINCT customer, invoice FROM orders", {"orders"}),
        ("SELECT o.customer FROM orders o, `invoice` AS customer", {"orders", "invoice"}),
        ("SELECT customer FROM (a JOIN b ON a.c = b.c), d WHERE e IN (SELECT f, g FROM h)", {"a", "b", "d", "h"}),
        ("SELECT a, b FROM (SELECT c, d FROM e) f LEFT JOIN g USING (h, i), j ORDER BY k, l", {"e", "g", "j"}),
        ("SELECT EXTRACT(DAY FROM created), TRIM(LEADING x FROM y), SUBSTRING(z FROM 2) FROM t", {"t"}),
        ("SELECT COUNT(*) FROM shop.orders, `shop` . `Customer`", {"orders", "customer"}),
        ("SELECT 'x' FROM t -- FROM u\nWHERE 'FROM v' <> /* FROM w */ s", {"t"}),
        ("WITH a AS (SELECT * FROM b), c (x, y) AS (SELECT * FROM a) SELECT * FROM c, d", {"b", "d"}),
        ("WITH a AS (SELECT * FROM a) SELECT * FROM a", {"a"}),
        ("WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT n + 1 FROM a JOIN b) SELECT * FROM a", {"b"}),
        ("SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) x JOIN a", {"a"}),
        ("SELECT * FROM a, LATERAL (SELECT b FROM c) d, JSON_TABLE(e, '$' COLUMNS (f INT PATH '$')) g, h", {"a", "c", "h"}),
        ("SELECT STRAIGHT_JOIN a, b FROM c STRAIGHT_JOIN d ON e UNION SELECT f, g FROM i", {"c", "d", "i"}),
        ("TABLE a UNION TABLE b", {"a", "b"}),
        ("SELECT a, SUM(b) FROM c PARTITION (p0, p1) USE INDEX (d, e) GROUP BY a, f WITH ROLLUP", {"c"}),
        ("SELECT SUM(a) OVER w, b FROM c WINDOW w AS (ORDER BY d, e)", {"c"}),
        ("SELECT a FROM b WHERE c > 1 WITH CASCADED CHECK OPTION", {"b"}),
    ],
)
def test_only_what_stands_where_a_table_stands_is_read(sql, read):
    assert references.tables_of(f"CREATE OR REPLACE DEFINER=`x`@`y` VIEW v (one, two) AS {sql}") == read
