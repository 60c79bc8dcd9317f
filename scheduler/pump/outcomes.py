"""Outcomes of deliveries and looks are written to the database, several in one transaction."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from bot.crash import crash
from scheduler.pump import times
from storage.engines.database import Database
from storage.transaction import Transaction

log = structlog.get_logger()

TOGETHER = 200
"""Outcomes in one transaction, at most."""
PAUSE = 0.002
"""Seconds without another outcome, after which those that came are written."""

Settle = Callable[[Transaction, datetime], object]
"""Writes one outcome, under the fence of its claim, so that writing it twice is the same as once."""


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """`what` came of one message. `settle` writes several of those at once, each as `Settle` does."""

    settle: Callable[[Transaction, datetime, Sequence[Any]], object]
    what: Any


@dataclass(frozen=True, slots=True)
class _Entry:
    outcome: DeliveryOutcome
    written: asyncio.Future[None]


class OutcomeWriter:
    """Write the outcomes of one pump. Those that come during one transaction are written in the next."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._waiting: list[_Entry] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, outcome: DeliveryOutcome, until: datetime) -> None:
        """Return once the outcome is on disk. While the database is away, try again until the claim is over:
        then another process looks for the message."""
        try:
            await self._with_others(outcome)
        except Exception:
            log.exception("pump.settle")
            await self._alone(outcome, until)

    async def _with_others(self, outcome: DeliveryOutcome) -> None:
        entry = _Entry(outcome, asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        await entry.written

    async def _write_all(self) -> None:
        while self._waiting:
            await self._gather()
            entries, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
            error = await self._written(entries)
            for entry in entries:
                if not entry.written.done():
                    entry.written.set_exception(error) if error else entry.written.set_result(None)
        self._writing = None

    async def _gather(self) -> None:
        """Wait until no more outcomes come, or enough have come. Written while the next calls answer, each
        would cost a transaction of its own, and two threads would compete for the interpreter."""
        came = 0
        while came < len(self._waiting) < TOGETHER:
            came = len(self._waiting)
            await asyncio.sleep(PAUSE)

    async def _written(self, entries: Sequence[_Entry]) -> Exception | None:
        try:
            await self._database.transact(partial(self._settle, outcomes=[e.outcome for e in entries]))
        except Exception as error:
            return error
        crash("outcomes.written")
        return None

    def _settle(self, tx: Transaction, *, outcomes: Sequence[DeliveryOutcome]) -> None:
        """Write the outcomes of one kind together."""
        kinds: defaultdict[Callable[..., object], list[Any]] = defaultdict(list)
        for outcome in outcomes:
            kinds[outcome.settle].append(outcome.what)
        for settle, these in kinds.items():
            settle(tx, self._now(), these)

    async def _alone(self, outcome: DeliveryOutcome, until: datetime) -> None:
        while True:
            try:
                await self._database.transact(partial(self._settle, outcomes=[outcome]))
                return
            except Exception:
                log.exception("pump.settle")
            if self._now() >= until:
                return
            await asyncio.sleep(times.WRITE_AGAIN)


def each(tx: Transaction, now: datetime, settles: Sequence[Settle]) -> None:
    """Write outcomes of a kind of which few come together."""
    for settle in settles:
        settle(tx, now)
