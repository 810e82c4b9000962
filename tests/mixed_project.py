"""A project whose migrations hold every kind of statement, and all that can be seen of what they build."""

from __future__ import annotations

from learnhub_db.database import Target, connect, identifier, rows

FILES = {
    "sql/migrations/0001-stock.sql": """\
SET @amount = 40 + 2, foreign_key_checks = 0;
CREATE TABLE products (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(50) NOT NULL);
INSERT INTO products (name) VALUES ('tea'), ('coffee');
INSERT INTO products (name) VALUES ('milk');
CREATE TABLE log (id INT PRIMARY KEY AUTO_INCREMENT, product_id INT, what VARCHAR(20), at_sea INT REFERENCES sea (id));
INSERT INTO log (product_id, what) VALUES (LAST_INSERT_ID(), 'milk is new');
CREATE TABLE stock AS SELECT id, @amount AS amount FROM products;
DELIMITER //
CREATE PROCEDURE restock(IN p_amount INT)
BEGIN
    UPDATE stock SET amount = amount + p_amount;
    INSERT INTO log (what) VALUES ('restocked');
END //
CREATE TRIGGER log_stock AFTER UPDATE ON stock FOR EACH ROW
    INSERT INTO log (product_id, what) VALUES (NEW.id, CONCAT('now ', NEW.amount)) //
DELIMITER ;
CALL restock(7);
START TRANSACTION;
UPDATE stock SET amount = amount * 2;
INSERT INTO log (what) VALUES ('doubled');
COMMIT;
""",
    "sql/migrations/0002-shape.sql": """\
ALTER TABLE products ADD COLUMN price INT DEFAULT 5, ALGORITHM = INSTANT;
ALTER TABLE log ADD INDEX by_product (product_id), ALGORITHM = INPLACE;
ALTER TABLE products MODIFY COLUMN price BIGINT, ALGORITHM = COPY;
CREATE UNIQUE INDEX one_name ON products (name);
CREATE VIEW dear AS SELECT name, price FROM products;
CREATE TABLE scratch LIKE stock;
RENAME TABLE stock TO old_stock, scratch TO stock;
INSERT INTO stock SELECT * FROM old_stock;
TRUNCATE old_stock;
SET @sql = 'ALTER TABLE stock ADD COLUMN shelf INT';
PREPARE change_stock FROM @sql;
EXECUTE change_stock;
DEALLOCATE PREPARE change_stock;
ALTER VIEW dear AS SELECT name, price FROM products WHERE price > 1;
""",
    "sql/migrations/0003-rows.sql": """\
CREATE TEMPORARY TABLE chosen AS SELECT id FROM products WHERE name LIKE '%e%';
UPDATE products JOIN chosen USING (id) SET price = price + 1;
DROP TEMPORARY TABLE chosen;
INSERT INTO products (name) VALUES ('sugar');
INSERT INTO products (name) VALUES ('salt');
""",
}

KINDS = {
    "PROCEDURE": "SELECT routine_name FROM information_schema.routines WHERE routine_schema = DATABASE() ORDER BY 1",
    "TRIGGER": "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY 1",
}


def everything(target: Target) -> list[object]:
    """Each object's definition, each table's rows, and what is recorded, without times."""
    with connect(target) as connection:
        names = [name for (name,) in rows(connection, "SHOW TABLES") if not name.startswith("_")]
        seen: list[object] = [rows(connection, f"SHOW CREATE TABLE {identifier(name)}") for name in names]
        seen += [rows(connection, f"SELECT * FROM {identifier(name)} ORDER BY 1") for name in names]
        for kind, sql in KINDS.items():
            for (name,) in rows(connection, sql):
                (definition,) = rows(connection, f"SHOW CREATE {kind} {identifier(name)}")
                seen.append(definition[:6])
        seen.append(rows(connection, "SELECT migration_id FROM _yoyo_migration ORDER BY 1"))
        seen.append(rows(connection, "SELECT id, digest, statements FROM _learnhub_migrations ORDER BY 1"))
        seen.append(rows(connection, "SELECT * FROM _learnhub_journal"))
    return seen
