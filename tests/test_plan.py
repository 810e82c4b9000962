"""Plan says what apply would do to tables and how the server would do it, and touches nothing."""

from __future__ import annotations

import pytest

import small_project
from learnhub_db import planning
from learnhub_db.errors import UsageError
from learnhub_db.project import Project
from planned import effects


def test_nothing_to_do_is_said_and_asks_for_no_scratch_schema(run):
    run("apply")
    shown = run("plan")
    assert (shown.code, shown.out) == (0, "nothing to do\n")
    nothing = {"finishes": [], "statements": [], "programs": [], "grants": [], "asks": [], "renames": {}, "breaks": []}
    assert run("--json", "plan").document == nothing


def test_something_to_do_ends_with_exit_code_1(run):
    shown = run("plan")
    assert shown.code == 1
    assert shown.out.splitlines()[-1] == "10 to do"
    assert "create view a_summary  views/a_summary.sql" in shown.out.splitlines()
    assert run("--json", "plan").code == 1


@pytest.mark.usefixtures("filled")
def test_later_statements_see_what_earlier_ones_leave(shop, empty_database):
    made, altered, renamed, again, twice = effects(
        shop,
        empty_database,
        """\
        CREATE TABLE stock (product_id INT PRIMARY KEY, amount INT);
        ALTER TABLE stock ADD FOREIGN KEY (product_id) REFERENCES products (id);
        RENAME TABLE products TO goods;
        ALTER TABLE goods ADD COLUMN weight INT;
        ALTER TABLE goods ADD COLUMN weight INT;
        """,
    )
    assert (made.act, made.table) == ("create table", "stock")
    assert (altered.algorithm, altered.rows) == ("COPY", 0)
    assert renamed.act == "rename table"
    assert (again.algorithm, again.rows) == ("INSTANT", pytest.approx(1000, rel=0.1))
    assert twice.refused == "1060: Duplicate column name 'weight'"


@pytest.mark.usefixtures("filled")
def test_what_the_session_sets_counts_for_the_rest_of_its_file(shop, empty_database):
    _, added = effects(
        shop,
        empty_database,
        "SET foreign_key_checks = 0;\nALTER TABLE sales ADD FOREIGN KEY (product_id) REFERENCES products (id);\n",
    )
    assert (added.algorithm, added.waiting) == ("INPLACE", "nobody")


@pytest.mark.usefixtures("filled")
def test_what_is_executed_is_planned_as_far_as_the_file_says_it(shop, empty_database):
    text = (
        "SET @change = 'ALTER TABLE sales ADD a INT';\nPREPARE one FROM @change;\nEXECUTE one;\n"
        "SELECT IF(COUNT(*), 'ALTER TABLE sales ADD b INT', 'DO 0') FROM sales INTO @change;\n"
        "PREPARE one FROM @change;\nEXECUTE one;\n"
        "PREPARE two FROM 'ALTER TABLE sales DROP a';\nDEALLOCATE PREPARE one;\nEXECUTE one;\nEXECUTE two;\n"
        "SET @change = 'ALTER TABLE sales ADD c INT', @none = NULL;\nPREPARE three FROM @none;\n"
        "PREPARE three FROM 'SELECT ? INTO @change';\nEXECUTE three USING @a;\nPREPARE four FROM @change;\nEXECUTE four;\n"
    )
    told = [(one.statement, one.algorithm, one.note) for one in effects(shop, empty_database, text)]
    assert [one for one in told if one[0].startswith("EXECUTE")] == [
        ("EXECUTE one: ALTER TABLE sales ADD a INT", "INSTANT", None),
        ("EXECUTE one", None, "what it does is not foreseen"),
        ("EXECUTE one", None, "what it does is not foreseen"),
        ("EXECUTE two: ALTER TABLE sales DROP a", "INSTANT", None),
        ("EXECUTE three USING @a", None, "what it does is not foreseen"),
        ("EXECUTE four", None, "what it does is not foreseen"),
    ]
    assert told[-2:] == [
        ("ALTER TABLE sales ADD b INT", "INSTANT", "if that is what an EXECUTE runs"),
        ("ALTER TABLE sales ADD c INT", "INSTANT", "if that is what an EXECUTE runs"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "SET @q = 'DO 0', @v = 'DO 0';\nSELECT 'DO 1' INTO @v;\nSET @q = @v;\nPREPARE p FROM @q;\nEXECUTE p;\n",
        "SET @q = 'DO 0';\nCALL sell(1, 2);\nPREPARE p FROM @q;\nEXECUTE p;\n",
        "SET @q = 'DO 0';\nPREPARE a FROM 'SELECT \\'DO 1\\' INTO @q';\nEXECUTE a;\nPREPARE p FROM @q;\nEXECUTE p;\n",
        "SET @q = 'DO 0';\nSET @r = (@q := 'DO 1');\nPREPARE p FROM @q;\nEXECUTE p;\n",
        "SET @q = 'DO 0';\nDO @q := 'DO 1';\nPREPARE p FROM @q;\nEXECUTE p;\n",
        "SET @q = '';\nPREPARE p FROM @q;\nEXECUTE p;\n",
        "SET @q = '-- nothing';\nPREPARE p FROM @q;\nEXECUTE p;\n",
        "SET @q = 'DO 0';\nDEALLOCATE PREPARE p;\nEXECUTE p;\n",
    ],
)
def test_what_is_executed_is_not_foreseen_where_the_file_does_not_say_it(shop, empty_database, text):
    *_, last = effects(shop, empty_database, text)
    assert (last.statement, last.note) == ("EXECUTE p", "what it does is not foreseen")


def test_a_number_is_executed_as_the_server_reads_it(shop, empty_database):
    *_, last = effects(shop, empty_database, "SET @q = 0x444F2030;\nPREPARE p FROM @q;\nEXECUTE p;\n")
    assert last.statement == "EXECUTE p: DO 0"


@pytest.mark.parametrize(
    "statement",
    [
        "SET @a = {database}.writes()",
        "SET @a = _writes()",
        "SET @a = x()",
        "SET @a = 1, @@GLOBAL .max_connect_errors = 333",
        "SET @a = 1, @@global/**/.max_connect_errors = 333",
        "PREPARE p FROM ({database}.writes())",
        "SET @q = 'DO {database}.writes()';\nPREPARE p FROM @q;\nEXECUTE p",
    ],
)
@pytest.mark.usefixtures("filled")
def test_no_function_is_called_and_nothing_of_the_server_is_set(shop, empty_database, sql, statement):
    for name in ("writes", "_writes", "x"):
        sql(f"CREATE FUNCTION {name}() RETURNS INT DETERMINISTIC MODIFIES SQL DATA"
            " BEGIN INSERT INTO sales (product_id, sold) VALUES (7777, 9); RETURN 1; END")
    effects(shop, empty_database, f"{statement.format(database=empty_database.database)};\n")
    assert sql("SELECT COUNT(*) FROM sales WHERE product_id = 7777") == [(0,)]
    assert sql("SELECT @@GLOBAL.max_connect_errors <> 333") == [(1,)]


@pytest.mark.usefixtures("filled")
def test_what_may_be_executed_changes_no_other_forecast(shop, empty_database):
    text = (
        "SELECT IF(COUNT(*) < 0, 'ALTER TABLE sales RENAME TO sold', 'DO 0') FROM sales INTO @change;\n"
        "PREPARE p FROM @change;\nEXECUTE p;\nALTER TABLE sales ADD b INT;\n"
    )
    told = {one.statement: (one.algorithm, one.refused) for one in effects(shop, empty_database, text)}
    assert told["ALTER TABLE sales ADD b INT"] == ("INSTANT", None)


@pytest.mark.usefixtures("filled")
def test_what_destroys_data_says_so(shop, empty_database):
    truncated, column, dropped = effects(
        shop,
        empty_database,
        "TRUNCATE TABLE sales;\nALTER TABLE products DROP COLUMN name;\nDROP TABLE audit, sales;\n",
    )
    assert truncated.destroys.startswith("sales with about 100 rows")
    assert column.destroys == "column name"
    assert dropped.destroys.startswith("audit with about 100 rows") and ", sales with about 0 rows" in dropped.destroys


@pytest.mark.usefixtures("filled")
def test_of_rows_the_server_estimates_how_many(shop, empty_database):
    changed, copied, *called = effects(
        shop,
        empty_database,
        """\
        UPDATE products SET price = price + 1;
        INSERT INTO audit (sale_id) SELECT id FROM sales;
        UPDATE products SET price = with_tax(price);
        DELETE FROM audit WHERE id = (SELECT price FROM prices LIMIT 1);
        DELETE FROM audit WHERE id = (SELECT products FROM a_summary);
        """,
    )
    assert changed.estimates == {"products": pytest.approx(1000, rel=0.1)}
    assert copied.estimates == {"audit": None, "sales": 100}
    not_asked = (None, "calls a stored function: not estimated")
    assert [(one.estimates, one.note) for one in called] == [not_asked] * 3


@pytest.mark.usefixtures("filled")
def test_the_name_of_the_own_database_changes_nothing_and_another_one_is_left_alone(shop, empty_database):
    own, other = effects(
        shop,
        empty_database,
        f"ALTER TABLE {empty_database.database}.products ADD COLUMN stock INT;\nDROP TABLE mysql.user;\n",
    )
    assert (own.algorithm, own.table) == ("INSTANT", "products")
    assert (other.refused, other.note) == (None, "names the database mysql: not asked")


@pytest.mark.usefixtures("filled")
def test_a_password_is_not_shown(shop, run):
    small_project.write(shop, {"sql/migrations/0003-more.sql": "CREATE USER nobody_x IDENTIFIED BY 'hunter2';\n"})
    assert "hunter2" not in run("plan").out + run("--json", "plan").out


def test_a_changed_migration_and_an_empty_one_are_refused_as_apply_refuses_them(shop, empty_database, run):
    small_project.write(shop, {"sql/migrations/0003-more.sql": "-- nothing yet\n"})
    with pytest.raises(UsageError, match=r"the migration holds no statement \(sql/migrations/0003-more.sql\)"):
        planning.read(Project(shop), empty_database)
    (shop / "sql/migrations/0003-more.sql").unlink()
    run("apply")
    small_project.change(shop, "sql/migrations/0001-products.sql", "4.50", "4.55")
    assert (run("plan").code, run("apply").code) == (2, 2)


@pytest.mark.usefixtures("filled")
def test_of_a_migration_that_stopped_only_the_rest_is_planned(shop, run, empty_database):
    broken = "SET foreign_key_checks = 0;\nALTER TABLE products ADD COLUMN stock INT;\nALTER TABLE nothing FORCE;\n"
    small_project.write(shop, {"sql/migrations/0003-more.sql": broken})
    assert run("apply").code == 3
    rest = "ALTER TABLE sales ADD FOREIGN KEY (product_id) REFERENCES products (id);\n"
    (found,) = effects(shop, empty_database, broken.replace("ALTER TABLE nothing FORCE;\n", rest))
    assert (found.line, found.refused) == (3, None)
    assert found.algorithm == "INPLACE"  # the session has its setting again


@pytest.mark.usefixtures("filled")
def test_what_a_killed_run_has_left_to_finish_is_something_to_do(run, sql):
    sql(
        """INSERT INTO _learnhub_replacements (kind, name, path, statement, rights)
           VALUES ('procedure', 'sell', 'procedures/sales/sell.sql', 'CREATE PROCEDURE sell() DO 0', '[]')"""
    )
    shown = run("plan")
    assert (shown.code, shown.out) == (
        1,
        "finish procedure sell, which a killed run had begun to replace\n1 to do\n",
    )
