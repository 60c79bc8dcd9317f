"""A look of the pump while nothing is due: what it costs once a second, with many circles whose messages are
shown or wait for another day."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import insert, literal, literal_column, select, text, union_all

from bot.app import DRAWINGS
from bot.domain.message import POST, PRIORITIES, State
from scheduler.pump import Pump
from storage import tables
from storage.engines.connect import connect
from storage.engines.database import Database
from storage.transaction import Transaction
from tests import databases
from tests.bench.chats import Nodding
from tests.bench.figures import LABELS, Better, Figure, Step
from tests.bench.idle_tick import NOON, populate
from tests.bench.ours import database
from tests.bench.sender import SITE
from tests.house import Clock

LIMIT = 5.0
"""Milliseconds of a look."""
SHOWN, WAITING = 18, 2
"""Messages of each circle."""


@dataclass(frozen=True)
class Plan:
    """So many circles; the pump looks so many times, the first only warms up."""

    circles: int = 10_000
    rounds: int = 50
    backends: tuple[str, ...] = databases.BACKENDS

    @property
    def steps(self) -> int:
        return 2 * len(self.backends)

    def measure(self, folder: Path, step: Step) -> list[Figure]:
        looks = {each: _look(folder / f"idle-look-{each}", each, self, step) for each in self.backends}
        print("idle: look", *(f"{backend}={took:.1f} ms" for backend, took in looks.items()))
        return [
            Figure(
                f"idle_look_{backend}",
                f"a look of the pump, {self.circles:,} idle circles, {LABELS[backend]}, to its limit",
                "ms",
                took,
                LIMIT,
                Better.LOWER,
                1,
            )
            for backend, took in looks.items()
        ]


def _look(folder: Path, backend: str, plan: Plan, step: Step) -> float:
    step(f"{plan.circles:,} circles with messages, {LABELS[backend]}")
    with database(folder, backend) as url:
        opened = connect(url)
        opened.open()
        try:
            return asyncio.run(_measured(opened, plan, step, LABELS[backend]))
        finally:
            opened.close()


async def _measured(opened: Database, plan: Plan, step: Step, label: str) -> float:
    """Return the milliseconds of the median look. A second passes before each, so that each also looks for
    claims that are over."""
    await populate(opened, plan.circles)
    await opened.transact(add_messages)
    step(f"{plan.rounds} looks, {label}")
    clock = Clock(NOON)
    pump = Pump(opened, [Nodding("slack")], DRAWINGS, SITE, clock)
    took = []
    for _ in range(1 + plan.rounds):
        clock.pass_(seconds=1)
        began = time.perf_counter()
        assert await pump.round() == 0
        took.append(1000 * (time.perf_counter() - began))
    return median(took[1:])


def add_messages(tx: Transaction) -> None:
    """In each workspace, messages that are shown and messages that wait for tomorrow."""
    w, m = tables.workspace.c, tables.message.c
    numbers = union_all(*[select(literal_column(str(n)).label("n")) for n in range(SHOWN)]).subquery("n")
    shown = {"shown_version": 1, "shown_at": NOON, "reference": "D1:1.1", "due_at": NOON - timedelta(days=1)}
    waits = {"shown_version": 0, "shown_at": None, "reference": "", "due_at": NOON + timedelta(days=1)}
    for state, values, priority, many in (
        (State.SHOWN, shown, PRIORITIES, SHOWN),
        (State.WAITING, waits, 0, WAITING),
    ):
        name = literal(f"{state[0]}-").concat(w.id).concat("-").concat(numbers.c.n)
        same = {
            "address": "slack:T:U",
            "kind": POST.name,
            "counts": True,
            "created_at": NOON,
            "state": state,
            "priority": priority,
            **values,
        }
        rows = select(
            w.circle_id, w.id, name, name, *[literal(value, m[key].type) for key, value in same.items()]
        ).join_from(tables.workspace, numbers, numbers.c.n < many)
        columns = ["circle_id", "workspace_id", "id", "subject_id", *same]
        tx.execute(insert(tables.message).from_select(columns, rows))
    if tx.dialect.name == "postgresql":
        tx.execute(text("ANALYZE"))
