"""Views on SELECT *: the server writes the columns down when a view is created, and never again."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import rows
from learnhub_db.runner.steps import NAME
from learnhub_db.statements import code_only
from learnhub_db.stored_programs import catalogue
from learnhub_db.stored_programs.programs import Program

NOTE = "what it reads has other columns"
_STAR = re.compile(r"(?:\bSELECT|\bDISTINCT|\bALL|,|\.)\s*\*", re.IGNORECASE)
_QUERY = re.compile(rf"\bVIEW\s+{NAME}\s*(?:\([^()]*\)\s*)?\bAS\b", re.IGNORECASE)
_CHECK = re.compile(r"\bWITH\s+(?:(?:CASCADED|LOCAL)\s+)?CHECK\s+OPTION\s*\Z", re.IGNORECASE)
_COLUMNS = """
    SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s
    ORDER BY ordinal_position
"""


def outdated(connection: Connection, views: Iterable[Program]) -> list[Program]:
    """Those of the deployed `views` that would have other columns now; reads only."""
    starred = [view for view in views if view.kind == "view" and _STAR.search(code_only(view.sql))]
    return [view for view in starred if _is_outdated(connection, view)]


def _is_outdated(connection: Connection, view: Program) -> bool:
    """By the columns that the server gives its query; False where it would not run the query at all.

    Of a view that refers to what is gone the server tells no column.
    """
    code = code_only(view.sql)
    start, end = _QUERY.search(code), _CHECK.search(code)
    query = view.sql[start.end() : end.start() if end else len(code)]
    if not catalogue.find(connection, view.kind, view.name):
        return False
    now = [name for (name,) in rows(connection, _COLUMNS, (view.name,))]
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM ({query}\n) AS learnhub_view LIMIT 0")
            coming = [column[0] for column in cursor.description]
    except pymysql.Error:
        return False
    renamed = "(" in code[start.start() : start.end()]
    return len(now) != len(coming) if renamed else now != coming
