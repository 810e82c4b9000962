"""SQL templates in Jinja: nothing undefined passes, and what fails is told with its line."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass

import jinja2

from learnhub_db.errors import UsageError


def _refuse(what: str) -> None:
    """For a template to say that it cannot do what it was told."""
    raise ValueError(what)


@dataclass(frozen=True)
class Template:
    """A template's text, and those that it may import by name."""

    text: str
    where: str
    shared: Mapping[str, str]

    def rendered(self, **values: object) -> str:
        """The text for `values`; UsageError with the line where it cannot be read or fails."""
        try:
            return self._environment().from_string(self.text).render(values)
        except jinja2.TemplateSyntaxError as error:
            raise UsageError(f"the template cannot be read ({error.message})", self._place(error)) from error
        except Exception as error:  # an expression of a template can raise anything
            frames = traceback.extract_tb(error.__traceback__)
            line = [frame.lineno for frame in frames if frame.filename == "<template>"][-1]
            known = f"known: {', '.join(values)}" if isinstance(error, jinja2.UndefinedError) else ""
            raise UsageError(f"the template fails ({error})", f"{self.where}:{line}", known) from error

    def _place(self, error: jinja2.TemplateSyntaxError) -> str:
        return f"{error.name or self.where}:{error.lineno}"

    def _environment(self) -> jinja2.Environment:
        loader = jinja2.DictLoader(dict(self.shared))
        environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, loader=loader)
        environment.globals["refuse"] = _refuse
        return environment
