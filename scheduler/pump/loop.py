"""The loop of the pump: look at the tables, let each workspace with something due have its turn, wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from time import monotonic

import structlog

from bot import context
from bot.chat.platform import Platform
from bot.crash import crash
from bot.meters import Meters
from scheduler.pump import limits, times
from scheduler.pump.delivery import Deliverer, Moment
from scheduler.pump.outcomes import OutcomeWriter
from scheduler.pump.reconciler import Reconciler
from scheduler.pump.turn import Turn, TurnTaker
from scheduler.pump.under_way import A_TURN, UnderWay
from storage import deliveries
from storage.deliveries import DueWorkspace
from storage.engines.database import Database
from storage.transaction import Transaction

log = structlog.get_logger()

A_ROUND = 400
"""Messages that one round of all workspaces reads, which is what each of them waits for."""
ABREAST = 4
"""Workspaces that have their turn at the same time."""
IDLE = timedelta(seconds=1)
"""Between two looks at the tables when nothing is notified."""
GATHER = timedelta(seconds=0.1)
"""Between two looks, however often something is notified: the first notification is followed at once, and all
that come after it share one look."""


@dataclass(frozen=True, slots=True)
class UsedUp:
    """The rate limits of a workspace that are used up, by key, until when. Valid until `counted`."""

    limits: Mapping[str, datetime]
    counted: float


@dataclass(slots=True)
class PumpRound:
    """What one look at the tables came to. `until`: when to look again if nothing is notified. `more`: some
    turn left something over. `crowded`: some workspace has more to send than may be under way."""

    until: datetime
    begun: int = 0
    more: bool = False
    crowded: bool = False


class Pump:
    """One a process, any number of processes on one PostgreSQL. Call `notify` after each commit that may have
    made something due."""

    def __init__(
        self,
        database: Database,
        platforms: Iterable[Platform],
        kinds: Iterable[context.Notice],
        site: str,
        now: Callable[[], datetime],
        meters: Meters | None = None,
    ) -> None:
        self._database = database
        self._meters = meters or Meters()
        self._platforms: Mapping[str, Platform] = {platform.name: platform for platform in platforms}
        self._kinds = {kind.kind.name: kind for kind in kinds}
        self._now = now
        writer = OutcomeWriter(database, now)
        shared = database, self._platforms, self._kinds, writer
        self._turns = TurnTaker(self._platforms, self._kinds, site, now)
        self._deliverer = Deliverer(*shared, self._meters, now)
        self._reconciler = Reconciler(*shared, now)
        self._wake = asyncio.Event()
        self._under_way = UnderWay(self._wake.set)
        self._used_up: dict[str, UsedUp] = {}
        self._notified = 0
        self._recovered: Moment | None = None
        self._stopping = False

    def notify(self) -> None:
        """Look at the tables soon."""
        self._notified += 1
        self._used_up.clear()
        self._wake.set()

    async def run(self) -> None:
        """Send and update until `stop`, then finish what is under way."""
        while not self._stopping:
            self._wake.clear()
            try:
                round = await self._round()
            except Exception:
                log.exception("pump.round")
                round = PumpRound(self._now() + IDLE)
            if not round.more:
                await self._wait(round)
        await self.finish()

    def stop(self) -> None:
        """Take nothing more."""
        self._stopping = True
        self._wake.set()

    async def finish(self) -> None:
        """Wait for what is under way, but not for ever."""
        await self._under_way.finish()

    async def round(self) -> int:
        """Claim what may leave now and start sending it. Return how much that was."""
        return (await self._round()).begun

    async def drain(self) -> int:
        """Send everything that may leave now, and wait for it. Return how much that was."""
        sent = 0
        while True:
            round = await self._round()
            sent += round.begun
            tasks = self._under_way.tasks()
            await asyncio.gather(*tasks)
            if not (tasks or round.begun or round.more):
                return sent

    async def _wait(self, round: PumpRound) -> None:
        over = monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, (round.until - self._now()).total_seconds())):
                await self._wake.wait()
                if not round.crowded:
                    await asyncio.sleep(GATHER.total_seconds() - (monotonic() - over))

    async def _round(self) -> PumpRound:
        round, notified = PumpRound(self._now() + IDLE), self._notified
        workspaces, turn = await self._look()
        if turn is not None:
            self._begin(turn, round, notified)
            return round
        most = max(1, min(A_TURN, A_ROUND // max(1, len(workspaces))))
        waiting = iter(workspaces)
        while abreast := list(islice(waiting, ABREAST)):
            await asyncio.gather(*(self._take_turn(workspace, most, round) for workspace in abreast))
        return round

    async def _look(self) -> tuple[list[DueWorkspace], Turn | None]:
        """Return where something is due; if in one workspace only, with its turn, taken in the same
        transaction. Once a second, claims that are over are ended instead, in a transaction of their own."""
        moment = Moment.by(self._now)
        if self._recovered is not None and self._recovered.before(moment) < IDLE:
            with suppress(Exception):  # logged when the turn is taken by itself
                return await self._database.transact(self._look_and_take)
        workspaces, over = await self._database.transact(partial(self._recover, now=moment.now))
        self._recovered = moment
        self._meters.lease_expired(over)
        return workspaces, None

    def _look_and_take(self, tx: Transaction) -> tuple[list[DueWorkspace], Turn | None]:
        workspaces = self._due(tx, self._now())
        if len(workspaces) != 1 or self._waits_until(workspaces[0]) is not None:
            return workspaces, None
        room = min(A_TURN, self._under_way.room(workspaces[0].id))
        return workspaces, self._turns.take(tx, workspaces[0], room) if room > 0 else None

    def _recover(self, tx: Transaction, now: datetime) -> tuple[list[DueWorkspace], int]:
        """Return where something is due, and how many claims ended without an outcome."""
        deliveries.repeat_updates(tx, now)
        over = deliveries.expire_claims(tx, now, now + times.SWEEP)
        for lost in over:
            log.warning("pump.lease_over", message=lost.id, kind=lost.kind, error=lost.last_error)
        crash("pump.expired")
        return self._due(tx, now), len(over)

    def _due(self, tx: Transaction, now: datetime) -> list[DueWorkspace]:
        return [due for due in deliveries.due_workspaces(tx, now) if due.platform in self._platforms]

    async def _take_turn(self, workspace: DueWorkspace, most: int, round: PumpRound) -> None:
        if (back := self._waits_until(workspace)) is not None:
            round.until = min(round.until, back)
            return
        room = self._under_way.room(workspace.id)
        if room <= 0:
            round.crowded = True
            if (again := self._under_way.room_again_in(workspace.id)) is not None:
                round.until = min(round.until, self._now() + again)
            return
        notified = self._notified
        take = partial(self._turns.take, workspace=workspace, room=min(room, most))
        try:
            turn = await self._database.transact(take)
        except Exception:  # the other workspaces have their turn all the same
            log.exception("pump.turn", workspace=workspace.id)
            return
        if turn is None:
            round.until = min(round.until, self._now() + GATHER)
            return
        self._begin(turn, round, notified)

    def _waits_until(self, workspace: DueWorkspace) -> datetime | None:
        """Return when something may leave again, if this process knows that nothing may before."""
        used_up = self._used_up.get(workspace.id)
        if used_up is None or workspace.looks or monotonic() >= used_up.counted:
            return None
        until = [used_up.limits.get(limits.rank_key(workspace.id, rank)) for rank in workspace.ranks]
        back = min((moment for moment in until if moment is not None), default=None)
        return back if back is not None and None not in until and self._now() < back else None

    def _begin(self, turn: Turn, round: PumpRound, notified: int) -> None:
        """Start what the turn claimed. `notified`: how often something had been notified before the look."""
        crash("pump.claimed")
        id = turn.workspace.id
        self._under_way.note_turn(id)
        round.begun += len(turn.outgoing) + len(turn.looks)
        round.more |= turn.more
        round.until = min([round.until, *turn.used_up.values()])
        if notified == self._notified:  # else something may be due that this turn did not see
            self._used_up[id] = UsedUp(turn.used_up, monotonic() + IDLE.total_seconds())
        for one in turn.outgoing:
            self._under_way.start(id, self._deliverer.deliver(one))
        for look in turn.looks:
            reconcile = self._reconciler.reconcile(look, turn.workspace.platform, turn.now + times.LEASE)
            self._under_way.start(id, reconcile)
