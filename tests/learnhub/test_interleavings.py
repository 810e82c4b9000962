"""Everything at once: eight connections call whatever there is, some are killed or vanish; every rule holds after it.

Which connection calls what is the seed's alone; who comes first is the server's. A failure prints the seeds of its
database in their order, and what each connection of the last one did.
"""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep

import pymysql
import pytest

from calling import GOOD
from interleavings import CALLS, VANISH, Part, Step, draw
from learnhub_db import invariants
from learnhub_db.database import connect
from learnhub_db.project import Project
from market import open_market
from school import School

INVARIANTS = invariants.read(Project(Path(__file__).parent.parent.parent))
SEEDS = 50
ON_ONE_DATABASE = 5  # emptying the tables costs more than an interleaving
DEADLOCK = 1213
INTERRUPTED = {1317, 1305, 1329}  # at the moment of a condition that a handler would take: it runs none then, and passes it on
LOST = {0, 2006, 2013, 4031}
REFUSED_EDITS = {1062, 1452}


@dataclass
class Client:
    """One connection and what it meets; connects anew when it was lost."""

    school: School
    part: Part
    deadlocks: int = 0
    unexpected: list[str] = field(default_factory=list)
    connections: list[int] = field(default_factory=list)

    def play(self) -> None:
        self.come()
        for unit in self.part.units:
            for step in unit:
                error = self.take(step)
                if error and not self.goes_on_after(error, step, alone=len(unit) == 1):
                    break
        self.session.connection.close()

    def come(self) -> None:
        self.session = self.school.session(self.part.autocommit, self.part.isolation)
        self.wire = self.session.connection._sock.dup()  # its number is nobody else's, also when the session has ended
        self.connections.append(self.session.connection.thread_id())
        self.struck = self.left_open = False

    def take(self, step: Step) -> pymysql.Error | None:
        """Run a step, struck meanwhile where it says so; the error it met."""
        strike = threading.Timer(step.after, self.strike, (step.strike,)) if step.strike else None
        if strike:
            self.struck = True
            strike.start()
        try:
            if self.left_open and not step.sql.startswith("CALL"):
                self.session.run("ROLLBACK")
            self.session.run(step.sql, *step.values)
        except pymysql.Error as error:
            return error
        finally:
            if strike:
                strike.join()
        return None

    def strike(self, how: str) -> None:
        with suppress(pymysql.Error, OSError, AttributeError):  # gone already
            if how == VANISH:
                self.wire.shutdown(socket.SHUT_RDWR)
            else:
                self.school.session().run(f"{how} {self.connections[-1]}")

    def goes_on_after(self, error: pymysql.Error, step: Step, alone: bool) -> bool:
        """Whether the transaction still stands; begins anew where it does not."""
        number = error.args[0]
        if 30000 <= number <= 32767 or (number in REFUSED_EDITS and not step.sql.startswith("CALL")):
            return True
        self.deadlocks += number == DEADLOCK
        if number != DEADLOCK and not (self.struck and number in INTERRUPTED | LOST):
            self.unexpected.append(f"{step}: {error!r}")
        if number in LOST:
            self.come()
        elif alone and number in INTERRUPTED:
            self.left_open = True  # the next call undoes it; nothing else does
        else:
            with suppress(pymysql.Error):  # told again by the next step
                self.session.run("ROLLBACK")
        return False


def wait_until_the_server_has_ended(school: School, clients: list[Client]) -> None:
    """What vanished runs on for a while."""
    ids = ", ".join(str(each) for client in clients for each in client.connections)
    for _ in range(1500):
        if not school.value(f"SELECT COUNT(*) FROM performance_schema.processlist WHERE id IN ({ids})"):
            return
        sleep(0.02)
    raise AssertionError("a connection does not end")


def findings(school: School, clients: list[Client]) -> list[object]:
    """Rules that do not hold, errors that nobody should meet, failures that were recorded, counters not folded."""
    school.call("fold_counters")
    with connect(school.target) as reader:
        broken = [finding for finding in invariants.check(reader, INVARIANTS) if not finding.holds]
    unexpected = [error for client in clients for error in client.unexpected]
    failed = school.run("SELECT event_data FROM payment_events WHERE event_type = 'failed' AND event_data IS NOT NULL")
    unfolded = school.run("SELECT * FROM course_deltas")
    unpaid = school.run("SELECT * FROM subscription_payments WHERE status = 'failed'")
    return [*broken, *unexpected, *failed, *unfolded, *unpaid]


def test_every_procedure_that_somebody_may_call_takes_part() -> None:
    assert set(CALLS) == set(GOOD)


@pytest.mark.parametrize("first", range(0, SEEDS, ON_ONE_DATABASE))
def test_after_everything_at_once_every_rule_holds(school: School, first: int) -> None:
    for seed in range(first, first + ON_ONE_DATABASE):
        market = open_market(school, f"m{seed}", f"2024-03-{10 + seed % ON_ONE_DATABASE}")
        clients = [Client(school, part) for part in draw(seed, market)]
        with ThreadPoolExecutor(len(clients)) as pool:
            list(pool.map(Client.play, clients))
        school.send_home()
        wait_until_the_server_has_ended(school, clients)

        print(f"seed {seed}: {sum(client.deadlocks for client in clients)} deadlocks passed on")
        parts = "\n".join(str(client.part) for client in clients)
        assert findings(school, clients) == [], f"seeds {first} to {seed}, of the last one:\n{parts}"
