"""The stock mysql client, fed the project's files in order, builds what `apply` builds."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymysql.connections import Connection

from grants import revoke_all
from learnhub_db import deployment
from learnhub_db.contents import Contents
from learnhub_db.database import Target, connect, identifier, rows
from learnhub_db.project import Project
from learnhub_db.server import client_command

ROOT = Path(__file__).parent.parent.parent
# Each view of the catalogue, the column that names the database, and what may differ between two builds of one schema.
CATALOGUE = {
    "tables": (
        "table_schema",
        {"create_time", "update_time", "table_rows", "avg_row_length", "data_length", "index_length"},
    ),
    "columns": ("table_schema", set()),
    "statistics": ("table_schema", {"cardinality"}),
    "table_constraints": ("table_schema", set()),
    "key_column_usage": ("table_schema", set()),
    "referential_constraints": ("constraint_schema", set()),
    "check_constraints": ("constraint_schema", set()),
    "views": ("table_schema", set()),
    "routines": ("routine_schema", {"created", "last_altered"}),
    "parameters": ("specific_schema", set()),
    "triggers": ("trigger_schema", {"created"}),
    # An event keeps the time zone of the session that made it; EVERY 1 SECOND is the same in all of them.
    "events": ("event_schema", {"created", "last_altered", "starts", "last_executed", "time_zone"}),
}
STAMPS = {"created_at", "updated_at", "created_by", "updated_by"}
BOOKKEEPING = ("_learnhub", "_yoyo", "yoyo")


@pytest.fixture(scope="module")
def built(server: Target) -> Iterator[tuple[Connection, Connection]]:
    """Connections to one database built by `apply` and one by the stock client."""
    by_apply, by_client = (server.named(f"{name}_{secrets.token_hex(4)}") for name in ("applied", "fed"))
    with connect(server) as connection, connection.cursor() as cursor:
        for target in (by_apply, by_client):
            cursor.execute(f"CREATE DATABASE {target.database} COLLATE utf8mb4_0900_ai_ci")
        deployment.apply(Project(ROOT), by_apply)
        feed(by_client)
        with connect(by_apply) as applied, connect(by_client) as fed:
            yield applied, fed
        for target in (by_apply, by_client):
            cursor.execute(f"DROP DATABASE {target.database}")
            revoke_all(cursor, target.database)


def feed(target: Target) -> None:
    text = "\n".join((ROOT / path).read_text(encoding="utf-8") for path in Contents.read(Project(ROOT)).paths)
    login = [f"--host={target.host}", f"--port={target.port}", f"--user={target.user}", "--protocol=tcp"]
    environment = os.environ | {"MYSQL_PWD": target.password}
    command = [*client_command(), *login, target.database]
    told = subprocess.run(command, input=text.encode(), env=environment, capture_output=True)
    assert (told.returncode, told.stderr.decode()) == (0, "")


def records(connection: Connection, sql: str) -> list[dict[str, object]]:
    """Rows by column name, the database's own name taken out of every text."""
    ((database,),) = rows(connection, "SELECT DATABASE()")

    def told(column: str, value: object) -> object:
        if column == "auto_increment":  # none is told of a table that nobody has opened yet
            return value or 1
        return value.replace(database, "…") if isinstance(value, str) else value

    with connection.cursor() as cursor:
        cursor.execute(sql)
        names = [column[0].lower() for column in cursor.description]
        return [dict(zip(names, map(told, names, row))) for row in cursor.fetchall()]


def described(connection: Connection, view: str) -> list[dict[str, object]]:
    """What a view of the catalogue says of the database: no definer, nothing of the toolkit's own tables."""
    schema, ignored = CATALOGUE[view]
    kept = [
        {name: value for name, value in record.items() if name not in ignored | {"definer"}}
        for record in records(connection, f"SELECT * FROM information_schema.{view} WHERE {schema} = DATABASE()")
        if not str(record.get("table_name", "")).startswith(BOOKKEEPING)
    ]
    return sorted(kept, key=repr)


@pytest.mark.parametrize("view", CATALOGUE)
def test_the_schema_is_the_same(built: tuple[Connection, Connection], view: str) -> None:
    by_apply, by_client = (described(connection, view) for connection in built)

    assert len(by_apply) > 0
    assert by_client == by_apply


def test_the_rows_of_the_migrations_are_the_same(built: tuple[Connection, Connection]) -> None:
    tables = [record["table_name"] for record in described(built[0], "tables") if record["table_type"] == "BASE TABLE"]
    filled = 0
    for table in tables:
        by_apply, by_client = (
            [
                {name: value for name, value in record.items() if name not in STAMPS}
                for record in records(connection, f"SELECT * FROM {identifier(table)} ORDER BY 1")
            ]
            for connection in built
        )
        assert by_client == by_apply, table
        filled += bool(by_apply)
    assert filled >= 5


@pytest.mark.parametrize("table", ["db", "tables_priv", "columns_priv", "procs_priv"])
def test_the_rights_are_the_same(built: tuple[Connection, Connection], table: str) -> None:
    by_apply, by_client = (
        sorted(
            (
                {name: value for name, value in record.items() if name.lower() not in ("timestamp", "grantor", "db")}
                for record in records(connection, f"SELECT * FROM mysql.{table} WHERE REPLACE(db, '\\\\', '') = DATABASE()")
            ),
            key=repr,
        )
        for connection in built
    )
    assert len(by_apply) > 0
    assert by_client == by_apply


def test_what_the_client_built_belongs_to_who_fed_it(built: tuple[Connection, Connection]) -> None:
    for view in ("routines", "triggers", "views", "events"):
        definers = f"SELECT DISTINCT definer FROM information_schema.{view} WHERE {CATALOGUE[view][0]} = DATABASE()"
        assert rows(built[1], definers) == rows(built[1], "SELECT CURRENT_USER()")
