"""What came of a message, written down under the fence of its claim."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from bot.chat.messenger import (
    Gone,
    MessengerError,
    Refused,
    Throttled,
    Unavailable,
    Unreachable,
    Unsure,
)
from bot.crash import crash
from bot.domain.message import PRIORITIES, REMOVED, UNDELIVERED, Message
from bot.meters import Result
from scheduler.weigh import UNREACHABLE_PAUSE
from storage import deliveries, messages, paces, people
from storage.database import Database
from storage.messages import Recipient
from storage.transaction import CircleTransaction, Transaction

log = structlog.get_logger()

ATTEMPTS = 8
FIRST_RETRY = timedelta(seconds=2)
LAST_RETRY = timedelta(hours=1)
SWEEP = timedelta(seconds=90)
"""Until what was held up on its way has arrived, or never will. Then there is a second look for a first send
that was in doubt, and another update after one whose answer was lost."""
TOGETHER = 200
"""Outcomes in one transaction, at most."""
PAUSE = 0.002
"""Seconds without another outcome, after which those that came are written down."""
AGAIN = 1.0
"""Seconds between two tries to write an outcome while the database is away."""

Settle = Callable[[Transaction, datetime], object]
"""Writes one outcome, under the fence of its claim, so that writing it twice is the same as once."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`what` came of one message; `settle` writes down several of those at once, each as `Settle` does."""

    settle: Callable[[Transaction, datetime, Sequence[Any]], object]
    what: Any


@dataclass(frozen=True, slots=True)
class _Entry:
    outcome: Outcome
    written: asyncio.Future[None]


class Ledger:
    """Where one pump writes outcomes: those that come while one transaction is written are the next one."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._waiting: list[_Entry] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, outcome: Outcome, until: datetime) -> None:
        """Once it is on disk. While the database is away it is tried again until the claim is over: then the
        message is looked for."""
        try:
            await self._with_others(outcome)
        except Exception:
            log.exception("pump.settle")
            await self._alone(outcome, until)

    async def _with_others(self, outcome: Outcome) -> None:
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
        """Until no more come, or enough have: written while the next calls answer, each would cost its own
        transaction, and two threads would take the interpreter from each other."""
        came = 0
        while came < len(self._waiting) < TOGETHER:
            came = len(self._waiting)
            await asyncio.sleep(PAUSE)

    async def _written(self, entries: Sequence[_Entry]) -> Exception | None:
        try:
            await self._database.transact(partial(self._settle, outcomes=[e.outcome for e in entries]))
        except Exception as error:
            return error
        crash("ledger.written")
        return None

    def _settle(self, tx: Transaction, *, outcomes: Sequence[Outcome]) -> None:
        """Those of a kind together."""
        kinds: defaultdict[Callable[..., object], list[Any]] = defaultdict(list)
        for outcome in outcomes:
            kinds[outcome.settle].append(outcome.what)
        for settle, these in kinds.items():
            settle(tx, self._now(), these)

    async def _alone(self, outcome: Outcome, until: datetime) -> None:
        while True:
            try:
                await self._database.transact(partial(self._settle, outcomes=[outcome]))
                return
            except Exception:
                log.exception("pump.settle")
            if self._now() >= until:
                return
            await asyncio.sleep(AGAIN)


def each(tx: Transaction, now: datetime, settles: Sequence[Settle]) -> None:
    """The outcomes of a kind of which few come together."""
    for settle in settles:
        settle(tx, now)


def failed(tx: Transaction, now: datetime, *, message: Message, error: MessengerError) -> bool:
    """Whether it is a dead letter now."""
    why = str(error)
    match error:
        case Throttled():
            paces.hold(tx, pace_key(message), now + timedelta(seconds=error.wait))
            deliveries.wait_longer(tx, message, now + timedelta(seconds=error.wait), why)
        case Unreachable() if message.person_id is not None:
            people.lose(CircleTransaction(tx, message.circle_id), message.person_id)
            deliveries.retry(tx, message, now + UNREACHABLE_PAUSE, why)
        case Gone():
            deliveries.drop(tx, message, REMOVED)
        case Unavailable() | Unsure() if message.shown_version > 0 and message.attempt < ATTEMPTS:
            deliveries.retry(tx, message, now + backoff(message.attempt), why, redraw_at=now + SWEEP)
        case Unavailable() if message.attempt < ATTEMPTS:
            deliveries.retry(tx, message, now + backoff(message.attempt), why)
        case Unsure() if message.shown_version == 0:
            deliveries.keep_claim(tx, message, why)
        case Unreachable() | Refused() | Unavailable() | Unsure() | _:
            return bury(tx, message, why, now)
    return False


def result(message: Message, error: MessengerError) -> Result:
    """What `failed` makes of it, in the words of /metrics."""
    match error:
        case Throttled():
            return Result.THROTTLED
        case Unreachable() if message.person_id is not None:
            return Result.UNREACHABLE
        case Gone():
            return Result.REMOVED
        case Unsure() if message.shown_version == 0:
            return Result.UNKNOWN
        case Unavailable() | Unsure() if message.attempt < ATTEMPTS:
            return Result.RETRIED
        case _:
            return Result.DEAD


def bury(tx: Transaction, message: Message, why: str, now: datetime) -> bool:
    """False if somebody claimed it since."""
    buried = deliveries.mark_dead(tx, message, why)
    if buried:
        tell_team(tx, message, now)
    return buried


def backoff(attempt: int) -> timedelta:
    """2 s, 4 s, 8 s … an hour at most."""
    doubled: timedelta = FIRST_RETRY * 2 ** (attempt - 1)
    return min(doubled, LAST_RETRY)


def pace_key(message: Message) -> str:
    """The pace of a workspace for one method, as platforms count it."""
    return f"{message.workspace_id}:{method(message)}"


def address_key(message: Message) -> str:
    return f"{message.address}:{method(message)}"


def method(message: Message) -> str:
    return "update" if message.shown_version else "send"


def method_of(rank: int) -> str:
    return "update" if rank >= PRIORITIES else "send"


def tell_team(tx: Transaction, message: Message, now: datetime) -> None:
    """One living card of dead letters for each of the comms team. A letter about letters stays unsaid."""
    if message.kind == UNDELIVERED.name:
        return
    team = [Recipient.of(p) for p in people.with_role(CircleTransaction(tx, message.circle_id))]
    messages.request(CircleTransaction(tx, message.circle_id), UNDELIVERED, message.circle_id, team, now)
    messages.redraw(CircleTransaction(tx, message.circle_id), UNDELIVERED, message.circle_id, now)
