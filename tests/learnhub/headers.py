"""The files of the stored programs as text: what their headers promise, what their bodies do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PARTS = ["Parameters", "Outcomes", "Errors", "Example"]
_WORD = re.compile(r"'((?:ERROR: |SUCCESS: )[^']*|[A-Z][A-Z_]+)'")
_PARAMETER = re.compile(r"(?:\b(IN|OUT)\s+)?\b(p_\w+)\s+([A-Z]+)")


@dataclass(frozen=True)
class ProgramFile:
    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @cached_property
    def _halves(self) -> tuple[str, str]:
        header, _, statement = self.path.read_text(encoding="utf-8").partition("DELIMITER $$\n")
        return header, statement

    @property
    def header(self) -> list[str]:
        """The lines of the header, without their dashes."""
        return [line.removeprefix("--").removeprefix(" ") for line in self._halves[0].rstrip().split("\n")]

    @property
    def purpose(self) -> str:
        """What the program does: the header's first paragraph."""
        end = next((place for place, line in enumerate(self.header) if not line), len(self.header))
        return " ".join(self.header[:end])

    @property
    def signature(self) -> str:
        before, comment, _ = self._halves[1].partition("  COMMENT ")
        return before if comment else ""

    @cached_property
    def body(self) -> str:
        """The statement behind its signature, without comments."""
        return re.sub(r"-- .*", "", self._halves[1].removeprefix(self.signature))

    @property
    def parts(self) -> list[str]:
        return [line for line in self.header if line in PARTS]

    def part(self, title: str) -> list[str]:
        """The lines below a title of the header, those that only go on left out."""
        if title not in self.header:
            return []
        below = self.header[self.header.index(title) + 1 :]
        end = next((place for place, line in enumerate(below) if not line.startswith("  ")), len(below))
        return [line[2:] for line in below[:end] if not line.startswith("   ")]

    @property
    def parameters(self) -> list[str]:
        return [name for _, name, _ in self._parameters]

    @property
    def word_parameters(self) -> list[str]:
        """Those that tell the outcome."""
        return [name for mode, name, kind in self._parameters if (mode, kind) == ("OUT", "VARCHAR")]

    @property
    def _parameters(self) -> list[tuple[str, str, str]]:
        return _PARAMETER.findall(self.signature.partition("(")[2])

    @property
    def described(self) -> list[str]:
        """The names of the parameters that the header speaks of."""
        return [name for line in self.part("Parameters") for name in re.findall(r"p_\w+", line.split("  ")[0])]

    @property
    def promised_words(self) -> set[str]:
        return {re.split(r"  |<", line)[0] for line in self.part("Outcomes")}

    @property
    def promised_errors(self) -> set[tuple[int, str]]:
        listed = re.findall(r"^(\d{5}) (\w+)", "\n".join(self.part("Errors")), re.MULTILINE)
        return {(int(number), name) for number, name in listed}

    def words_in(self, parameter: str) -> set[str]:
        """The words that the body itself gives to a parameter."""
        given = re.compile(rf"\bSET\b[^;]*\b{parameter}\s*=|\bINTO\b[^;]*\b{parameter}\b")
        statements = [statement for statement in self.body.split(";") if given.search(statement)]
        return {word for statement in statements for word in _WORD.findall(statement)}

    @property
    def words_of_receipts(self) -> set[str]:
        """The words that it writes into a receipt for a repeated call."""
        return set(re.findall(r"JSON_OBJECT\('status', '(\w+)'", self.body))

    def calls(self, known: set[str]) -> dict[str, str]:
        """The programs it uses, with the arguments of the call."""
        found = re.findall(r"\b(\w+)\(((?:[^()]|\([^()]*\))*)\)", self.body)
        return {name: arguments for name, arguments in found if name in known - {self.name}}

    @property
    def literals(self) -> set[str]:
        return set(re.findall(r"'(\w+)'", self.body))


def program_files(folder: str) -> dict[str, ProgramFile]:
    return {path.stem: ProgramFile(path) for path in sorted((ROOT / folder).rglob("*.sql"))}
