"""Which SETs can be run beforehand: those of variables, constants and functions of the server that change nothing."""

from __future__ import annotations

import re

from learnhub_db.runner import constants
from learnhub_db.runner.steps import Kind, Step
from learnhub_db.statements import shape

_FUNCTIONS = "CONCAT|CONCAT_WS|REPLACE|IF|IFNULL|NULLIF|COALESCE|QUOTE|UPPER|LOWER|TRIM|CAST|DATABASE|SCHEMA|VERSION"
_HARMLESS = re.compile(
    rf"""(?:\s | '' | \b\d[\w.]*+ | @@?(?:[\w$]+|`[^`]+`)(?:\.\w+)* | \b(?:{_FUNCTIONS})\s*\(
    | \b(?!SELECT\b|WITH\b|TABLE\b|VALUES\b)[A-Za-z_][\w$]*+(?!\s*\() | [,)(+*/=<>!|&:.-])*""",
    re.IGNORECASE | re.VERBOSE,
)
_ASSIGNED = re.compile(r"@(?P<name>`[^`]+`|[\w$]+)\s*:?=(?!=)")
_INTO = re.compile(r"\bINTO\s+(@[^;]*)", re.IGNORECASE)
_USED = re.compile(r"(?<!@)@(`[^`]+`|[\w$]+)")


class Unknown:
    """The user variables of which the file does not say what they hold, statement by statement."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def runs(self, step: Step) -> bool:
        """Whether the SET can be run as it is; what it assigns is known or unknown from then on."""
        text = shape(step.text)
        assigned = {constants.plain(name) for name in _ASSIGNED.findall(text)}
        used = {constants.plain(name) for name in _USED.findall(_ASSIGNED.sub("", text))}
        harmless = step.kind is Kind.SESSION and bool(step.assignments) and bool(_HARMLESS.fullmatch(text))
        known = harmless and self.names.isdisjoint(used)
        if found := _INTO.search(text):
            assigned |= {constants.plain(name) for name in _USED.findall(found[1])}
        self.names = self.names - assigned if known else self.names | assigned
        return known
