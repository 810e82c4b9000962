"""The toolkit's modules look one way, and know no project."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from learnhub_db.project import Project
from learnhub_db.statements import code_only
from learnhub_db.stored_programs import programs

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "learnhub_db"
MODULES = sorted(PACKAGE.rglob("*.py"))
LAYERS = ["errors", "connection database project", "nouns", "commands", "cli"]
PACKAGES = ["connection", "runner", "stored_programs", "inspection", "foresight", "seeding"]  # none imports a later one


def layer(module: str) -> int:
    """Where a module stands: the higher may import the lower, nouns may import each other."""
    first = module.split(".")[1] if "." in module else "nouns"
    named = next((level for level, names in enumerate(LAYERS) if first in names.split()), None)
    return LAYERS.index("nouns") if named is None else named


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_imports_run_one_way():
    for path in MODULES:
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if module.endswith(("__init__", "__main__")) and module.count(".") == 1:
            continue
        ours = {name for name in imports(path) if name.startswith("learnhub_db.")}
        higher = {name for name in ours if layer(name) > layer(module)}
        assert not higher, f"{module} imports {higher}"
    order = [layer(f"learnhub_db.{name}") for name in ("cli", "commands.x", "x", "project", "errors")]
    assert order == [4, 3, 2, 1, 0]


def test_packages_build_on_each_other_in_one_order():
    for number, package in enumerate(PACKAGES):
        found = set().union(*(imports(path) for path in (PACKAGE / package).glob("*.py")))
        assert found, package
        later = {f"learnhub_db.{name}" for name in PACKAGES[number + 1 :]}
        assert not {name for name in found if ".".join(name.split(".")[:2]) in later}, package
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == {*PACKAGES, "commands", "server"}


def test_only_the_command_line_knows_click():
    knowing = {path.relative_to(PACKAGE).as_posix() for path in MODULES if "click" in imports(path)}
    assert {name for name in knowing if name != "cli.py" and not name.startswith("commands/")} == set()


def test_the_toolkit_names_no_object_of_the_project():
    created = re.compile(r"CREATE TABLE(?: IF NOT EXISTS)? `?(\w+)", re.IGNORECASE)
    project = Project(ROOT)
    names = {program.name for program in programs.read(project)}
    names |= {name for file in project.migrations() for name in created.findall(code_only(file.text))}
    telling = {name for name in names if "_" in name}  # a name of one word may be a word of English
    for path in MODULES:
        words = set(re.findall(r"\w+", path.read_text(encoding="utf-8")))
        assert not words & telling, path.name
