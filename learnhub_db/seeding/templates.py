"""SQL templates in Jinja: nothing undefined passes, and what fails is told with its line."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import jinja2

from learnhub_db.errors import UsageError
from learnhub_db.project import SqlFile

HERE = "<template>"  # Jinja's name of what comes from no loader


def _refuse(what: str) -> None:
    """For a template to say that it cannot do what it was told."""
    raise ValueError(what)


@dataclass(frozen=True)
class Template:
    """A template's text, and those that it may import by name."""

    text: str
    where: str
    imports: Mapping[str, SqlFile]

    def rendered(self, **values: object) -> str:
        """The text for `values`; UsageError with the line where it cannot be read or fails."""
        try:
            return self._environment().from_string(self.text).render(values)
        except jinja2.TemplateSyntaxError as error:
            place = f"{error.filename or self.where}:{error.lineno}"
            raise UsageError(f"the template cannot be read ({error.message})", place) from error
        except Exception as error:  # an expression of a template can raise anything
            missing = isinstance(error, jinja2.TemplateNotFound)
            what = f"there is no {error.message} beside it" if missing else error
            known = f"known: {', '.join(values)}" if isinstance(error, jinja2.UndefinedError) else ""
            raise UsageError(f"the template fails ({what})", self._place(error), known) from error

    def _place(self, error: Exception) -> str:
        """The line of the template, or of the one it imports, that was at work."""
        files = {HERE: self.where} | {file.path: file.path for file in self.imports.values()}
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files]
        return f"{files[frames[-1].filename]}:{frames[-1].lineno}"

    def _environment(self) -> jinja2.Environment:
        loader = jinja2.FunctionLoader(self._imported)
        environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, loader=loader)
        environment.globals["refuse"] = _refuse
        return environment

    def _imported(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        file = self.imports.get(name)
        return (file.text, file.path, lambda: True) if file else None
