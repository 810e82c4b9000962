"""The command line: global options, the verbs, and the one place where an error becomes a line."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

import click

from learnhub_db.commands import output
from learnhub_db.commands.arguments import global_first
from learnhub_db.errors import LearnHubError, UsageError

VERBS = {
    "apply": "Bring the database to what the project's files say.",
    "baseline": "Adopt an existing database up to a migration.",
    "call": "Call a stored procedure.",
    "check-data": "Look for rows that break a rule of sql/invariants; reads only.",
    "dump": "Write the schema that the files build to sql/schema.sql.",
    "jobs": "Run what sql/jobs schedules: list, run.",
    "new": "Write the next migration's files.",
    "plan": "What apply would do, and how; reads only.",
    "rollback": "Undo the last migrations and put the programs back.",
    "script": "Print one file for the stock mysql client.",
    "seed": "Fill the database from sql/seeds/NAME; safe to repeat, goes on where it stopped.",
    "server": "Run a private MySQL: start, stop, status, url.",
    "slow": "The statements and programs that took the most time; reads only.",
    "status": "What is applied, pending, changed; reads only.",
    "verify": "Compare the database with what the files build.",
}


URL_HELP = (
    "mysql://user:password@host:port/database[?ssl-mode=MODE&...] [LEARNHUB_DB_URL; else the private server]. "
    "Everybody on the machine can read the command line: a password belongs in LEARNHUB_DB_URL or one of the two files "
    "below."
)
FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
SECRET = click.Path(path_type=Path, exists=True, dir_okay=False)


class Verbs(click.Group):
    """Imports a verb's module when it is asked for, so that each run loads only what it needs."""

    def resolve_command(
        self, context: click.Context, words: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if words[0] not in VERBS and not words[0].startswith("-"):
            near = get_close_matches(words[0], VERBS, 1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(VERBS)}"
            raise UsageError(f"there is no verb {words[0]}", "", hint)
        return super().resolve_command(context, words)

    def list_commands(self, context: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        word = name.replace("-", "_")
        return getattr(import_module(f"learnhub_db.commands.{word}"), word)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--url", envvar="LEARNHUB_DB_URL", help=URL_HELP)
@click.option("--defaults-file", type=SECRET, help="MySQL option file for what the URL leaves out.")
@click.option("--password-file", type=SECRET, help="File that holds the password on one line; beats every other.")
@click.option(
    "--project", type=FOLDER, help="Folder that holds sql/, procedures/, triggers/, views/. [the nearest one, upwards]"
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--debug", is_flag=True, help="Show the trace of an error.")
@click.version_option(package_name="learnhub-db", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context, **options: object) -> None:
    """Schema-first toolkit for MySQL: migrations, stored programs, seeds and calls.

    The options below may stand behind the verb too; of two the later one holds.

    Exit codes: 0 done, 1 there is a difference, 2 usage, 3 the database refused, 4 cannot connect.
    """
    from learnhub_db.commands.session import Session

    context.obj = Session(**options)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    words = global_first(sys.argv[1:] if arguments is None else arguments, list(VERBS))
    output.begin(as_json="--json" in words)
    try:
        cli.main(words, prog_name="learnhub-db", standalone_mode=False)
    except LearnHubError as error:
        if "--debug" in words:
            raise
        output.tell(error)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        output.tell(_as_ours(error))
        sys.exit(UsageError.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)


def _as_ours(error: click.ClickException) -> UsageError:
    """What click has to say of the command line."""
    context = getattr(error, "ctx", None)
    hint = f"{context.command_path} --help" if context else ""
    if isinstance(error, click.NoSuchOption):
        near = get_close_matches(error.option_name, error.possibilities or (), 1)
        return UsageError(f"there is no option {error.option_name}", "", f"did you mean {near[0]}?" if near else hint)
    what, _, meant = error.format_message().rstrip(".").partition(". Did you mean ")
    return UsageError(what[:1].lower() + what[1:], "", f"did you mean {meant}" if meant else hint)
