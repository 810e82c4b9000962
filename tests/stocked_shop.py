"""A project with one of everything that a schema can hold, for the tests of verify, dump and script."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import small_project
from learnhub_db.database import Target, connect, rows

FILES = small_project.FILES | {
    "sql/migrations/0003-everything.sql": """\
CREATE TABLE suppliers (
    code     CHAR(4) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'Short word',
    name     VARCHAR(50) NULL DEFAULT 'nobody',
    shouted  VARCHAR(50) GENERATED ALWAYS AS (UPPER(name)) STORED,
    stars    INT NOT NULL DEFAULT 3,
    product  INT NULL,
    PRIMARY KEY (code),
    UNIQUE KEY one_name (name),
    KEY by_stars (stars),
    CONSTRAINT known_product FOREIGN KEY (product) REFERENCES products (id),
    CONSTRAINT at_most_five CHECK (stars <= 5)
) COMMENT 'Who delivers';
CREATE TABLE readings (id INT NOT NULL, day DATE NOT NULL, PRIMARY KEY (id, day))
    PARTITION BY RANGE (YEAR(day)) (PARTITION old VALUES LESS THAN (2020), PARTITION new VALUES LESS THAN MAXVALUE);
ALTER TABLE suppliers ADD COLUMN since DATE NULL AFTER name, ALGORITHM = INSTANT;
""",
    "triggers/a_second.sql": "CREATE TRIGGER a_second BEFORE INSERT ON sales FOR EACH ROW FOLLOWS z_first SET @b = 1\n",
    "triggers/z_first.sql": "CREATE TRIGGER z_first BEFORE INSERT ON sales FOR EACH ROW SET @a = 1;\n",
    "sql/events/wake.sql": "CREATE EVENT wake ON SCHEDULE EVERY 1 SECOND COMMENT 'often' "
    "DO INSERT INTO audit (sale_id) VALUES (0);\n",
}

# What is rare, or written in a rare way.
UNUSUAL = {
    "sql/migrations/0004-unusual.sql": """\
CREATE TABLE `Odd ``name``` (
    `a;b` INT AUTO_INCREMENT PRIMARY KEY COMMENT 'AUTO_INCREMENT=5 ) ENGINE=InnoDB AUTO_INCREMENT=7',
    words TEXT CHARACTER SET latin1,
    place POINT NOT NULL SRID 4326,
    more JSON DEFAULT (JSON_OBJECT('it''s', 1)),
    hidden INT INVISIBLE DEFAULT 1,
    half INT AS (hidden DIV 2) VIRTUAL,
    kind ENUM('a', 'b`c') NOT NULL DEFAULT 'a',
    changed TIMESTAMP(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
    FULLTEXT KEY (words), SPATIAL KEY (place), KEY f ((hidden + 1), kind DESC),
    CHECK (hidden > 0)
) AUTO_INCREMENT = 100 ROW_FORMAT = DYNAMIC STATS_PERSISTENT = 1 COMMENT 'it''s; odd';
INSERT INTO `Odd ``name``` (place) VALUES (ST_SRID(POINT(1, 1), 4326));
CREATE TABLE child (id INT PRIMARY KEY, parent INT, 
    FOREIGN KEY (parent) REFERENCES `Odd ``name``` (`a;b`) ON DELETE CASCADE);
ALTER TABLE child ADD COLUMN name VARCHAR(5), ADD INDEX (name);
RENAME TABLE child TO `Kind`;
CREATE TABLE coded (
    code VARCHAR(9) CHARACTER SET ascii,
    CHECK (REGEXP_LIKE(code, '^it''s _utf8mb4$', 'c') OR code > 'a')
);
CREATE TABLE parts (id INT, day DATE) PARTITION BY RANGE COLUMNS (day) SUBPARTITION BY HASH (id) SUBPARTITIONS 2
    (PARTITION p0 VALUES LESS THAN ('2030-01-01') COMMENT 'old', PARTITION p1 VALUES LESS THAN (MAXVALUE));
CREATE ALGORITHM = MERGE VIEW narrow AS SELECT id AS `a,b from c` FROM parts WHERE id > 1 WITH CASCADED CHECK OPTION;
SET sql_mode = 'ANSI_QUOTES';
CREATE TRIGGER "Loud" BEFORE INSERT ON parts FOR EACH ROW SET NEW.id = NEW.id + 1;
CREATE EVENT "Rests" ON SCHEDULE AT '2037-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE DO SELECT 'a' AS "b";
CREATE FUNCTION "Twice"(n INT) RETURNS INT NO SQL RETURN 2 * n;
""",
    "views/wide.sql": "CREATE VIEW wide AS WITH c AS (SELECT id, Twice(id) AS t FROM parts UNION ALL SELECT 1, 2) "
    "SELECT c.*, (SELECT GROUP_CONCAT(id ORDER BY id SEPARATOR ', from ') FROM narrow_of) AS g FROM c "
    "WHERE t > 0 GROUP BY id, t HAVING t > 1 ORDER BY t LIMIT 5;\n",
    "views/narrow_of.sql": "CREATE VIEW narrow_of AS SELECT `a,b from c` AS id FROM narrow;\n",
    "sql/events/once.sql": "CREATE EVENT once ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 9 DAY DO DO 1;\n",
    "sql/events/soon.sql": "CREATE EVENT soon ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS NOW() + INTERVAL 1 DAY "
    "ENDS '2037-01-01' ON COMPLETION PRESERVE DO DO 1;\n",
}


@contextmanager
def account(server: Target) -> Iterator[str]:
    """A name for the owner and, with _reader behind it, for a role; they and _other are gone afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    yield name
    with connect(server) as connection:
        rows(connection, f"DROP USER IF EXISTS {name}@localhost, {name}_other@localhost, {name}_other")
        rows(connection, f"DROP ROLE IF EXISTS {name}_reader")


def write(root: Path, account: str) -> Path:
    """The project below `root`, with `account` as its owner and rights for the role."""
    files = {
        "learnhub-db.toml": f'owner = "{account}@localhost"\n',
        "sql/grants/10-accounts.sql": f"""\
CREATE USER IF NOT EXISTS {account}@localhost ACCOUNT LOCK;
GRANT ALL ON * TO '{account}'@localhost;
CREATE ROLE IF NOT EXISTS {account}_reader;
""",
        "sql/grants/20-rights.sql": f"""\
-- what the role may do; GRANT SELECT ON audit TO nobody
GRANT SELECT (id, name), UPDATE (name) ON products TO {account}_reader;
GRANT SELECT ON TABLE prices TO `{account}_reader`;
GRANT EXECUTE ON PROCEDURE sell TO {account}_reader WITH GRANT OPTION;
GRANT PROCESS, SHOW_ROUTINE ON *.* TO {account}_reader;
""",
    }
    return small_project.write(root, FILES | files)
