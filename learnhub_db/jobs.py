"""What runs by the clock: each file of sql/jobs one CALL, its schedule in its first comment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from difflib import get_close_matches

from learnhub_db.errors import UsageError
from learnhub_db.project import Project, SqlFile
from learnhub_db.statements import Statement, code_only, split

FOLDER = "sql/jobs"
UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_EVERY = re.compile(r"-- every: (?P<number>[1-9]\d*) (?P<unit>second|minute|hour|day)s?")
_DAILY = re.compile(r"-- daily at: (?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)")
_VARIABLE = re.compile(r"@(\w+)")


@dataclass(frozen=True)
class Every:
    """Due again when so much time has passed since the last start, however that run went."""

    interval: timedelta
    words: str

    def due(self, now: datetime, started: datetime | None, done: bool) -> bool:
        return started is None or now >= started + self.interval


@dataclass(frozen=True)
class Daily:
    """Due when it has not been done since the UTC clock last showed `at`; one that failed is due still."""

    at: time
    words: str

    def due(self, now: datetime, started: datetime | None, done: bool) -> bool:
        last = datetime.combine(now.date(), self.at)
        if last > now:
            last -= timedelta(days=1)
        return started is None or started < last or not done


@dataclass(frozen=True)
class Job:
    name: str
    purpose: str
    path: str
    schedule: Every | Daily
    call: Statement

    @property
    def variables(self) -> list[str]:
        """The user variables that stand for its OUT parameters, in their order."""
        return _VARIABLE.findall(code_only(self.call.text))


def read(project: Project) -> list[Job]:
    """The project's jobs in the order of their names; UsageError for a file that is not one CALL with a schedule."""
    return [_job(file) for file in project.files(FOLDER)]


def find(project: Project, name: str) -> Job:
    """The job `name`; UsageError with the nearest name where there is none."""
    known = {job.name: job for job in read(project)}
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known) or 'none'}"
        raise UsageError(f"there is no job {name}", FOLDER, hint)
    return known[name]


def _job(file: SqlFile) -> Job:
    statements = split(file.text, file.path)
    if len(statements) != 1 or code_only(statements[0].text).split()[0].upper() != "CALL":
        raise UsageError("the file is not one CALL", file.path, "put what is to be done into a procedure")
    purpose = file.text.splitlines()[0].removeprefix("--").strip()
    return Job(file.stem, purpose, file.path, _schedule(file), statements[0])


def _schedule(file: SqlFile) -> Every | Daily:
    found: list[Every | Daily] = []
    for line in file.text.splitlines():
        if every := _EVERY.fullmatch(line):
            seconds = int(every["number"]) * UNITS[every["unit"]]
            found.append(Every(timedelta(seconds=seconds), line.removeprefix("-- ")))
        if daily := _DAILY.fullmatch(line):
            found.append(Daily(time(int(daily["hour"]), int(daily["minute"])), line.removeprefix("-- ")))
    if len(found) != 1:
        hint = "give it one line such as -- every: 5 minutes or -- daily at: 02:00 (UTC)"
        raise UsageError("the file does not say when it runs", file.path, hint)
    return found[0]
