"""Statements that the journal knows of beforehand: sent many in a packet, asked for one by one."""

from __future__ import annotations

from bisect import bisect
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import pymysql
from pymysql.connections import Connection
from pymysql.constants import CR, ER
from pymysql.cursors import Cursor

from learnhub_db.database import cut, literal, several
from learnhub_db.runner import execution
from learnhub_db.runner.execution import Placed

BYTES = 50_000  # of a packet with more than one statement: below what any server takes
UNGUARDED = 1690  # a value out of range: what a guard says where the lock is lost, but others may say it too

_GUARD = "DO IF(IS_USED_LOCK(%s) = CONNECTION_ID(), 0, EXP(1000))"

_BETWEEN = "\n;"  # on a line of its own: the one before may end in a comment


class Packets:
    """Statements that give no rows, each sent behind the question whether the connection holds `lock`.

    The server goes on with the next one without being asked: until all have run, or one was refused, nothing else may
    be sent on the connection.
    """

    def __init__(self, connection: Connection, lock: str, statements: Iterable[Placed]) -> None:
        self.connection = connection
        self.guard = literal(connection, _GUARD, (lock,))
        self.left = deque(statements)
        self.results: Iterator[Placed] = iter(())

    def __bool__(self) -> bool:
        """Whether there are statements left."""
        return bool(self.left)

    def run_next(self) -> None:
        """Wait until the next one has run.

        DatabaseRefused where the server says no, or, as UNGUARDED, where the lock is lost: neither that statement nor
        one behind it has run then, and it is the next one again.
        """
        if not next(self.results, None):
            self.results = self._send(self._of_a_packet())
            next(self.results)
        self.left.popleft()
        if not self.left:
            self.results.close()

    def _of_a_packet(self) -> list[Placed]:
        besides = len(self.guard) + len(_BETWEEN)
        sizes = accumulate(len(statement.text.encode()) + besides for statement, _ in self.left)
        count = max(1, bisect(list(sizes), BYTES))
        return [self.left[number] for number in range(count)]

    def _send(self, statements: Sequence[Placed]) -> Iterator[Placed]:
        """Send them, and yield each one when it has run."""
        packet = _BETWEEN.join(f"{self.guard};{statement.text}" for statement, _ in statements)
        with several(self.connection), self.connection.cursor() as cursor:
            for number, (statement, path) in enumerate(statements, 1):
                try:
                    if number == 1:
                        cursor.execute(packet)
                    else:
                        _wait(cursor)
                    _wait(cursor)
                except pymysql.Error as error:
                    if error.args[0] == ER.PARSE_ERROR and number < len(statements):
                        break
                    raise execution.refusal(error, statement, path) from error
                yield statement, path
            else:
                return
        yield from self._send([(statement, path)])  # by itself: the refusal quoted what came behind it


def _wait(cursor: Cursor) -> None:
    """Wait for the packet's next result; where there is none, nobody knows any more whose the others were."""
    if not cursor.nextset():
        cut(cursor.connection)
        raise pymysql.OperationalError(CR.CR_COMMANDS_OUT_OF_SYNC, "the answers are not those of the statements")
