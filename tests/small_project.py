"""A small project for the tests of apply and status: a shop in a temporary folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

FILES = {
    "sql/migrations/0001-products.sql": """\
-- What is sold.
CREATE TABLE products (
    id    INT PRIMARY KEY AUTO_INCREMENT,
    name  VARCHAR(50) NOT NULL,
    price DECIMAL(10, 2) NOT NULL
);
INSERT INTO products (name, price) VALUES ('tea; green', 4.50), ('it''s coffee', 6.00);
""",
    "sql/migrations/0002-sales.sql": """\
CREATE TABLE sales (id INT PRIMARY KEY AUTO_INCREMENT, product_id INT NOT NULL, sold INT NOT NULL);
CREATE TABLE audit (id INT PRIMARY KEY AUTO_INCREMENT, sale_id INT NOT NULL)
""",
    "procedures/sales/sell.sql": """\
-- Sells some of a product.
DELIMITER $$
CREATE PROCEDURE sell(IN p_product INT, IN p_sold INT)
    COMMENT 'Sells some of a product'
    MODIFIES SQL DATA
BEGIN
    -- one row; one sale
    INSERT INTO sales (product_id, sold) VALUES (p_product, p_sold);
END $$
DELIMITER ;
""",
    "procedures/sales/with_tax.sql": """\
CREATE FUNCTION with_tax(p_price DECIMAL(10, 2)) RETURNS DECIMAL(10, 2) DETERMINISTIC RETURN p_price * 1.2;
""",
    "views/a_summary.sql": """\
/* built on another view */
CREATE VIEW a_summary AS SELECT COUNT(*) AS products FROM prices;
""",
    "views/prices.sql": """\
CREATE SQL SECURITY INVOKER VIEW prices AS
SELECT name, with_tax(price) AS price FROM products;
""",
    "triggers/audit_sale.sql": """\
DELIMITER //
CREATE TRIGGER audit_sale AFTER INSERT ON sales FOR EACH ROW
BEGIN
    INSERT INTO audit (sale_id) VALUES (NEW.id);
END//
DELIMITER ;
""",
    "sql/events/forget.sql": "CREATE EVENT forget ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM audit;\n",
}


def write(root: Path, files: dict[str, str] = FILES) -> Path:
    """Write `files` below `root`."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def change(root: Path, name: str, old: str, new: str) -> None:
    """Put `new` in the place of `old` in a file."""
    path = root / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def fill(sql: Callable[[str], list[tuple]]) -> None:
    """A thousand products, a hundred sales."""
    sql(
        """INSERT INTO products (name, price)
           WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 998)
           SELECT CONCAT('tea ', i), i FROM n"""
    )
    sql("INSERT INTO sales (product_id, sold) SELECT id, 1 FROM products WHERE id <= 100")
    sql("ANALYZE TABLE products, sales, audit")
