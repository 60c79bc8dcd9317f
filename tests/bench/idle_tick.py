"""A tick while nothing is due: what every job of the timetable costs together, with many circles that have
things open, planned and over."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Table, insert, text, update

from bot.domain.circle import Role
from bot.domain.meeting import Stage
from bot.domain.poll import Repeat
from bot.domain.post import DraftState
from bot.domain.round import Outcome
from scheduler.timetable import RECURRING, TIMETABLE, Tools
from storage import recurring, tables
from storage.engines.connect import connect
from storage.engines.database import Database
from storage.tables import new_id
from storage.transaction import Transaction
from tests import databases
from tests.bench.figures import LABELS, Better, Figure, Step
from tests.bench.ours import database

LIMIT = 20.0
"""Milliseconds of a whole tick."""
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAGE = 500
"""Circles that are written together."""


@dataclass(frozen=True)
class Plan:
    """So many circles; the tick is run so many times, the first only warms up."""

    circles: int = 10_000
    rounds: int = 20
    backends: tuple[str, ...] = databases.BACKENDS

    @property
    def steps(self) -> int:
        return 2 * len(self.backends)

    def measure(self, folder: Path, step: Step) -> list[Figure]:
        return [_idle(folder / f"idle-{backend}", backend, self, step) for backend in self.backends]


def _idle(folder: Path, backend: str, plan: Plan, step: Step) -> Figure:
    label = LABELS[backend]
    step(f"{plan.circles:,} idle circles, {label}")
    with database(folder, backend) as url:
        opened = connect(url)
        opened.open()
        try:
            took = asyncio.run(_measured(opened, plan, step, label))
        finally:
            opened.close()
    what = f"a tick of every job, {plan.circles:,} idle circles, {label}, to its limit"
    return Figure(f"idle_tick_{backend}", what, "ms", took, LIMIT, Better.LOWER, 1)


async def _measured(opened: Database, plan: Plan, step: Step, label: str) -> float:
    """Milliseconds of the median tick."""
    await populate(opened, plan.circles)
    step(f"{plan.rounds} ticks, {label}")
    tools = tools_of(opened)
    took = []
    for _ in range(1 + plan.rounds):
        began = time.perf_counter()
        assert await tick(tools) == 0
        took.append(1000 * (time.perf_counter() - began))
    return median(took[1:])


def tools_of(opened: Database) -> Tools:
    async def no_page(url: str) -> str:
        return url

    return Tools(opened, no_page, lambda: NOON)


async def tick(tools: Tools) -> int:
    """Every job once. Returns how much was due."""
    done = [await job.run(tools) for job in TIMETABLE]
    return sum(each for each in done if isinstance(each, int))


async def populate(opened: Database, number: int) -> None:
    """So many circles in which nothing is due at noon."""
    for first in range(0, number, PAGE):
        rows: defaultdict[Table, list[Mapping[str, Any]]] = defaultdict(list)
        for count in range(first, min(first + PAGE, number)):
            for table, row in _circle(count):
                rows[table].append(row)
        await opened.transact(lambda tx, rows=rows: _write(tx, rows))  # type: ignore[misc]
    await opened.transact(_settle)


def _write(tx: Transaction, rows: Mapping[Table, list[Mapping[str, Any]]]) -> None:
    for table, those in rows.items():
        tx.execute(insert(table), those)


def _settle(tx: Transaction) -> None:
    """As after a tick: everything that recurs has an instant to come, and today's chore is done."""
    kinds = [each.kind for each in RECURRING.values() if each.in_each_circle]
    recurring.add_everywhere(tx, kinds, NOON)
    r = tables.recurring.c
    tx.execute(update(tables.recurring).values(next_at=NOON + HOUR))
    tx.execute(update(tables.recurring).where(r.kind == recurring.CIRCLE).values(next_at=None))
    chore = {"schedule": "forget what need not be kept", "state": "done", "at": NOON}
    tx.execute(insert(tables.slot), [{**chore, "local_date": NOON.date() - n * DAY} for n in range(3)])
    if tx.dialect.name == "postgresql":
        tx.execute(text("ANALYZE"))


def _circle(number: int) -> Iterator[tuple[Table, Mapping[str, Any]]]:
    circle, home, somebody, topic = new_id(), new_id(), new_id(), new_id()
    mine = {"circle_id": circle}
    yield tables.circle, {"id": circle, "name": "", "language": "en", "zone": "UTC", "created_at": NOON}
    yield tables.workspace, {**mine, "id": home, "platform": "slack", "external_id": f"T{number}"}
    yield tables.topic, {**mine, "id": topic, "position": 0}
    yield tables.person, {**mine, "id": somebody, "role": Role.LEAD}
    account = {"workspace_id": home, "external_id": "U1", "address": f"slack:T{number}:U1"}
    yield tables.account, {**mine, "id": new_id(), "person_id": somebody, **account}
    by = {**mine, "author_id": somebody}
    for planned, withdrawn in ((NOON + DAY, None), (NOON - DAY, NOON - 2 * DAY)):
        when = {"created_at": NOON - 3 * DAY, "publish_at": planned, "withdrawn_at": withdrawn}
        post = {"topic_id": topic, "openings": [], "expires_at": NOON + 9 * DAY}
        yield tables.post, {**by, "id": new_id(), **post, **when}
    draft = {"state": DraftState.READY, "created_at": NOON - DAY}
    yield tables.draft, {**by, "id": new_id(), **draft}
    yield from _polls(by)
    span = {"opened_at": NOON - DAY, "closes_at": NOON + DAY}
    over = {"opened_at": NOON - 9 * DAY, "closes_at": NOON - 2 * DAY, "closed_at": NOON - 2 * DAY}
    for moments in ({**span, "closed_at": None}, over):
        yield tables.pulse, {**mine, "id": new_id(), **moments}
        change = {"setting": "cadence", "value": "1", "outcome": Outcome.OPEN}
        yield tables.round, {**by, "id": new_id(), **change, **moments}
        yield tables.gathering, {**by, "id": new_id(), "anonymous": True, "spoken": False, **moments}
    for day, stage in ((NOON + 3 * DAY, Stage.ANNOUNCED), (NOON - 27 * DAY, Stage.OVER)):
        meeting = {"falls_on": day.date(), "starts_at": day, "stage": stage, "by_hand": False}
        yield tables.meeting, {**mine, "id": new_id(), "token": new_id(), **meeting}


def _polls(by: Mapping[str, Any]) -> Iterator[tuple[Table, Mapping[str, Any]]]:
    """One that everybody was reminded of, one in a channel that closes soon, one that repeats, one over."""
    soon = {"opened_at": NOON - 3 * DAY, "closes_at": NOON + 2 * HOUR, "closed_at": None}
    far = {"opened_at": NOON - DAY, "closes_at": NOON + 6 * DAY, "closed_at": None}
    over = {"opened_at": NOON - 9 * DAY, "closes_at": NOON - 7 * DAY, "closed_at": NOON - 7 * DAY}
    usual = {"place": "", "repeats": Repeat.NEVER, "reminded_at": None}
    for own in (
        {**usual, **soon, "reminded_at": NOON - 12 * HOUR},
        {**usual, **soon, "place": "slack:T:C"},
        {**usual, **far, "repeats": Repeat.WEEKLY},
        {**usual, **over},
    ):
        poll_id = new_id()
        yield tables.poll, {**by, "id": poll_id, "series": poll_id, "export_token": new_id(), **own}
        if own["repeats"]:
            row = {"kind": "poll", "subject_id": poll_id, "next_at": NOON + 6 * DAY, "set_at": NOON}
            yield tables.recurring, {"circle_id": by["circle_id"], **row}
