"""The project's files as one script for the stock mysql client."""

from __future__ import annotations

import re
from collections.abc import Iterator

from learnhub_db.contents import Contents
from learnhub_db.database import SESSION
from learnhub_db.statements import code_only, split
from learnhub_db.stored_programs import events

HEAD = """\
-- What `learnhub-db apply` runs in an empty database, for the stock client: mysql --comments DATABASE < this file
-- `learnhub-db baseline` then takes the database over.
"""
SETTINGS = " ".join(SESSION.split()) + ";\n"
DELIMITERS = ("$$", "//", ";;", "$$$$")


def text(contents: Contents) -> str:
    """Every file in its order, with the session settings and the definers of an apply. Needs no server."""
    return "".join([HEAD, SETTINGS, *(f"\n-- {path}\n{part}" for path, part in _parts(contents))])


def _parts(contents: Contents) -> Iterator[tuple[str, str]]:
    for file in contents.migrations:
        statements = split(file.text, file.path)
        # What a migration sets ends with it.
        settle = any(re.match(r"SET\b", one.text, re.IGNORECASE) for one in statements)
        texts = [delimited(one.text, one.escapes) for one in statements]
        yield file.path, "".join([*texts, SETTINGS if settle else ""])
    for grant in contents.accounts:
        yield grant.file.path, "".join(delimited(statement.text) for statement in grant.statements)
    for program in contents.programs:
        over = program.kind == "event" and events.passed_as_written(program.sql)
        yield program.path, "-- not created: its time has passed\n" if over else delimited(program.sql)
    for grant in contents.grants:
        yield grant.file.path, "".join(delimited(statement.text) for statement in grant.statements)


def delimited(sql: str, escapes: bool = True) -> str:
    """One statement as the client reads it, with another delimiter where it holds a semicolon."""
    end = "\n" if code_only(f"{sql};", escapes)[-1] != ";" else ""  # a comment would swallow the delimiter
    if ";" not in code_only(sql, escapes):
        return f"{sql}{end};\n"
    delimiter = next(one for one in DELIMITERS if one not in sql)
    return f"DELIMITER {delimiter}\n{sql}{end}{delimiter}\nDELIMITER ;\n"
