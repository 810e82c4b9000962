"""Tables of which the project's jobs add and drop partitions: these are no difference, how the rows are divided is."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from learnhub_db.inspection.schema import Schema

_RANGES = re.compile(
    r"(?P<by>\n/\*!\d+ PARTITION BY RANGE [^\n]*(?:\nSUBPARTITION[^\n]*)*)\n\(PARTITION .*\) \*/\Z", re.DOTALL
)


def without_ranges(found: Schema, tables: Collection[str]) -> Schema:
    """`found` with the RANGE partitions of `tables` left out."""
    names = {table.lower() for table in tables}
    return {
        (kind, name): replace(one, sql=_RANGES.sub(r"\g<by> */", one.sql))
        if kind == "table" and name.lower() in names
        else one
        for (kind, name), one in found.items()
    }
