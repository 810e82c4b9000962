"""What a project may hold; everything here is told before a connection is made."""

from __future__ import annotations

import pytest

import small_project
from learnhub_db.contents import Contents
from learnhub_db.errors import UsageError
from learnhub_db.project import Project

PROCEDURE = "CREATE PROCEDURE {name}() SELECT 1;\n"
TABLE = "CREATE TABLE t (id INT);\n"


def refused(root, files: dict[str, str | bytes]) -> UsageError:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError) as refusal:
        Contents.read(Project(root))
    assert [line.startswith("hint: ") for line in str(refusal.value).splitlines()] == [False, True]
    return refusal.value


def test_the_order_of_the_files_respects_what_they_use(tmp_path):
    files = {
        "sql/grants/10-roles.sql": "CREATE ROLE IF NOT EXISTS r;\n",
        "sql/grants/05-rights.sql": "GRANT EXECUTE ON PROCEDURE sell TO r;\n",
    }
    root = small_project.write(tmp_path, small_project.FILES | files)
    assert Contents.read(Project(root)).paths == [
        "sql/migrations/0001-products.sql",
        "sql/migrations/0002-sales.sql",
        "sql/grants/10-roles.sql",
        "procedures/sales/with_tax.sql",
        "procedures/sales/sell.sql",
        "views/prices.sql",
        "views/a_summary.sql",
        "triggers/audit_sale.sql",
        "sql/events/forget.sql",
        "sql/grants/05-rights.sql",
    ]


def test_migrations_stand_in_the_order_of_their_depends_lines(tmp_path):
    files = {
        "sql/migrations/0001-a.sql": "-- depends: 0003-c\n" + TABLE,
        "sql/migrations/0002-b.sql": TABLE,
        "sql/migrations/0003-c.sql": TABLE,
    }
    paths = Contents.read(Project(small_project.write(tmp_path, files))).paths
    assert paths == [f"sql/migrations/{name}.sql" for name in ("0002-b", "0003-c", "0001-a")]


def test_an_empty_folder_is_a_project_without_files(tmp_path):
    assert Contents.read(Project(tmp_path)).paths == []


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"sql/migrations/first.sql": TABLE},
            "the migration's name cannot be read (sql/migrations/first.sql)\nhint: "
            "name it sql/migrations/NNNN-name.sql, in small letters, digits and dashes",
        ),
        (
            {"sql/migrations/0001-a.sql": TABLE, "sql/migrations/0001-b.sql": TABLE},
            "two migrations have one number (sql/migrations/0001-a.sql and sql/migrations/0001-b.sql)\nhint: "
            "give the later one the next number",
        ),
        (
            {"sql/migrations/0001-a.sql": TABLE, "sql/migrations/0004-b.sql": TABLE},
            "migration 0002 is missing (sql/migrations/0004-b.sql)\nhint: restore it or close the gap",
        ),
        (
            {"sql/migrations/0001-a.sql": TABLE, "sql/migrations/0002-b.rollback.sql": TABLE},
            "a rollback without its migration (sql/migrations/0002-b.rollback.sql)\nhint: name it as its migration",
        ),
        (
            {"sql/migrations/0001-a.sql": b"-- one\n-- na\xefve\n"},
            "the file is not UTF-8 (sql/migrations/0001-a.sql:2)\nhint: save it as UTF-8",
        ),
        (
            {"sql/migrations/0001-a.sql": " \n\n"},
            "the file is empty (sql/migrations/0001-a.sql)\nhint: write its statements or remove it",
        ),
        (
            {"sql/migrations/0001-a.sql": "-- depends: 0009-z\n" + TABLE},
            "the migration depends on 0009-z (sql/migrations/0001-a.sql)\nhint: there is no such migration",
        ),
        (
            {
                "sql/migrations/0001-a.sql": "-- depends: 0002-b\n" + TABLE,
                "sql/migrations/0002-b.sql": "-- depends: 0001-a\n" + TABLE,
            },
            "the migrations depend on each other in a circle ("
            "sql/migrations/0001-a.sql, sql/migrations/0002-b.sql)\nhint: break it",
        ),
        (
            {"procedures/a.sql": PROCEDURE.format(name="a") + PROCEDURE.format(name="b")},
            "the file creates procedure a and procedure b (procedures/a.sql)\nhint: give each a file of its own",
        ),
        (
            {"procedures/a.sql": PROCEDURE.format(name="`b`")},
            "the file creates the procedure b (procedures/a.sql:1)\nhint: name both b or both a",
        ),
        (
            {"procedures/x/a.sql": PROCEDURE.format(name="a"), "procedures/y/a.sql": PROCEDURE.format(name="a")},
            "two files create the procedure a (procedures/x/a.sql and procedures/y/a.sql)\nhint: keep one of them",
        ),
        (
            {"procedures/a.sql": "-- head\nDROP PROCEDURE IF EXISTS a;\n" + PROCEDURE.format(name="a")},
            "the file holds a DROP (procedures/a.sql:2)\nhint: remove it: apply owns that",
        ),
        (
            {"procedures/a.sql": "USE shop;\n" + PROCEDURE.format(name="a")},
            "the file holds a USE (procedures/a.sql:1)\nhint: remove it: apply owns that",
        ),
        (
            {"procedures/a.sql": "CREATE DEFINER = `me` @ `%` PROCEDURE a() SELECT 1;\n"},
            "the procedure names a DEFINER (procedures/a.sql:1)\nhint: remove it: apply writes the owner of the settings",
        ),
        (
            {"procedures/a.sql": "CREATE PROCEDURE shop.a() SELECT 1;\n"},
            "the procedure names a database (procedures/a.sql:1)\nhint: the database is the URL's: remove it",
        ),
        (
            {"procedures/a.sql": "CREATE PROCEDURE IF NOT EXISTS a() SELECT 1;\n"},
            "the procedure says IF NOT EXISTS (procedures/a.sql:1)\nhint: remove it: apply replaces what differs",
        ),
        (
            {"procedures/a.sql": "-- nothing but a comment\n"},
            "the file creates nothing (procedures/a.sql)\nhint: write its CREATE statement or remove it",
        ),
        (
            {"procedures/a.sql": PROCEDURE.format(name="a") + "INSERT INTO t VALUES (1);\n"},
            "the file holds more than its CREATE (procedures/a.sql:2)\nhint: write DELIMITER around its body, "
            "or move the other statement to a migration",
        ),
        (
            {"views/a.sql": PROCEDURE.format(name="a")},
            "views/ holds a procedure (views/a.sql:1)\nhint: move it to procedures/",
        ),
        (
            {"procedures/a.sql": "DELIMITER $$\nCREATE PROCEDURE a() SELECT 'b $$\n"},
            "a quote is not closed (procedures/a.sql:2)\nhint: close the '",
        ),
        (
            {"learnhub-db.toml": 'owner = "somebody"\n', "procedures/a.sql": PROCEDURE.format(name="a")},
            'the owner cannot be read (somebody)\nhint: write owner = "user@host" in the settings',
        ),
        (
            {"learnhub-db.toml": 'colour = "red"\n', "procedures/a.sql": PROCEDURE.format(name="a")},
            "there is no setting colour (",
        ),
        (
            {"learnhub-db.toml": 'rebuild_limit_mb = "9"\n', "procedures/a.sql": PROCEDURE.format(name="a")},
            "the setting rebuild_limit_mb is '9' (",
        ),
        (
            {"learnhub-db.toml": "owner = \n", "procedures/a.sql": PROCEDURE.format(name="a")},
            "the settings cannot be read (",
        ),
    ],
)
def test_a_file_that_breaks_the_rules_is_refused_by_name(tmp_path, files, message):
    refusal = refused(tmp_path, files)
    assert str(refusal).startswith(message)
    assert refusal.exit_code == 2


def test_an_alias_or_a_column_named_like_a_view_is_no_use_of_it(tmp_path):
    files = {
        "views/a.sql": "CREATE VIEW a AS SELECT t.b, 'b' AS b /* b */ FROM t; -- b\n",
        "views/b.sql": "CREATE VIEW b AS SELECT * FROM `a`;\n",
    }
    assert Contents.read(Project(small_project.write(tmp_path, files))).paths == ["views/a.sql", "views/b.sql"]
