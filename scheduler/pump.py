"""The pump makes the chats agree with the tables: wanted ≠ shown → send, or draw again.

One turn claims what is due in one workspace, in one transaction in which each card is drawn from today's
data; then, with no transaction open, the messengers are called; then each outcome is written under its fence.
A process may stop or freeze between any two of these steps: whoever comes next finds a claim whose lease is
over, and looks in the chat before anything is sent a second time (`scheduler.doubts`).
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from time import monotonic
from typing import Any

import structlog

from bot.chat.card import Card
from bot.chat.messenger import Limit, Messenger, MessengerError, Notice, Unavailable, Unsure
from bot.chat.platform import Platform
from bot.context import Notice as Drawing
from bot.context import Reading
from bot.crash import crash
from bot.domain.circle import Circle
from bot.domain.message import PRIORITIES, Message
from bot.locales import Translator
from bot.meters import Meters, Result
from scheduler.doubts import Doubts
from scheduler.outcomes import (
    SWEEP,
    Ledger,
    Outcome,
    address_key,
    bury,
    failed,
    method,
    method_of,
    pace_key,
    result,
)
from scheduler.weigh import used, weigh
from storage import circles, deliveries, messages, people
from storage.database import Database
from storage.deliveries import Look, Queue
from storage.paces import Paces
from storage.transaction import CircleTransaction, Transaction

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
"""Six times what a platform call may take: nobody takes a message over while it may still leave."""
CALL = timedelta(seconds=10)
"""What a platform call may take: the adapters' own time limit."""
LEAVE = LEASE - CALL
"""Until when a message may leave, from its claim on."""
FRESH = timedelta(seconds=1)
"""How long a look at a claim is good for: a process that was frozen since looks again before it sends."""
AT_ONCE = 400
"""Messages of one workspace under way at a time: those of one turn that leave, and those of the next that are
drawn meanwhile."""
CATCH_UP = timedelta(seconds=0.05)
"""How long a turn of a workspace waits until there is room for all that it may take."""
A_FEW, FOR_THEM = 4, 2.0
"""So many of the many leave in one turn when a pace holds them back, unless they would wait for more seconds
than that for each other. What answers somebody does not wait."""
MANY = (0, PRIORITIES)
"""The ranks of what nobody waits for: first sends, and changes."""
A_TURN, A_ROUND = 200, 400
"""Messages weighed in one transaction, and in one round of all workspaces: what each of them waits for."""
ABREAST = 4
"""Workspaces that have their turn at a time."""
LOOKS = 5
IDLE = timedelta(seconds=1)
"""Between two looks at the tables when nothing rings."""
GATHER = timedelta(seconds=0.1)
"""Between two looks, however often it rings: the first ring is answered at once, and what many presses ring
for after it is one look."""
FINISH = 3.5
"""Seconds that stopping waits for what is under way; what did not come back is in doubt, and looked for."""


@dataclass(frozen=True, slots=True)
class Moment:
    """By the clock on the wall, which may be set, and by the one that only counts."""

    now: datetime
    counted: float

    def before(self, other: Moment) -> timedelta:
        """How long, by whichever says more."""
        return max(other.now - self.now, timedelta(seconds=other.counted - self.counted))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed message and its card, drawn."""

    message: Message
    platform: str
    notice: Notice
    claimed: Moment


@dataclass(slots=True)
class Turn:
    """What one workspace has to be done. `held`: its paces that are used up, by key, until when. `spent`: how
    much of each person's ceiling. `more`: that was not all of it."""

    queue: Queue
    circle: Circle
    room: int
    began: Moment
    paces: Paces
    outgoing: list[Outgoing] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    held: dict[str, datetime] = field(default_factory=dict)
    spent: Counter[str | None] = field(default_factory=Counter)
    more: bool = False

    @property
    def now(self) -> datetime:
        return self.began.now

    def hold(self, key: str, until: datetime) -> None:
        """What one of them waits for, the others may not have to."""
        self.held[key] = min(until, self.held.get(key, until))


@dataclass(frozen=True, slots=True)
class Rest:
    """The paces of a workspace that are used up, by key, until when; worth knowing until `counted`."""

    held: Mapping[str, datetime]
    counted: float


@dataclass(slots=True)
class Round:
    """What one look at the tables came to. `until`: when to look again if nothing rings; `crowded`: in some
    workspace there is more to send than may be under way."""

    until: datetime
    begun: int = 0
    more: bool = False
    crowded: bool = False


class Pump:
    """One a process, any number on one PostgreSQL. `ring` after anything was committed that may be due."""

    def __init__(
        self,
        database: Database,
        platforms: Iterable[Platform],
        drawings: Iterable[Drawing],
        site: str,
        now: Callable[[], datetime],
        meters: Meters | None = None,
    ) -> None:
        self._database = database
        self._meters = meters or Meters()
        self._platforms: Mapping[str, Platform] = {platform.name: platform for platform in platforms}
        self._drawings = {drawing.kind.name: drawing for drawing in drawings}
        self._ledger = Ledger(database, now)
        self._doubts = Doubts(database, self._platforms, self._drawings, self._ledger, now)
        self._site = site
        self._now = now
        self._bell = asyncio.Event()
        self._under_way: defaultdict[str, set[asyncio.Task[None]]] = defaultdict(set)
        self._turns: dict[str, float] = {}
        self._rests: dict[str, Rest] = {}
        self._rung = 0
        self._swept: Moment | None = None
        self._stopping = False

    def ring(self) -> None:
        self._rung += 1
        self._rests.clear()
        self._bell.set()

    async def run(self) -> None:
        """Until `stop`; then what is under way is finished."""
        while not self._stopping:
            self._bell.clear()
            try:
                round = await self._round()
            except Exception:
                log.exception("pump.round")
                round = Round(self._now() + IDLE)
            if not round.more:
                await self._wait(round)
        await self.finish()

    def stop(self) -> None:
        """Take nothing more."""
        self._stopping = True
        self._bell.set()

    async def finish(self) -> None:
        """Wait for what is under way, but not for ever."""
        if tasks := self._tasks():
            _, late = await asyncio.wait(tasks, timeout=FINISH)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _tasks(self) -> set[asyncio.Task[None]]:
        return {task for tasks in self._under_way.values() for task in tasks}

    async def _wait(self, round: Round) -> None:
        over = monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, (round.until - self._now()).total_seconds())):
                await self._bell.wait()
                if not round.crowded:
                    await asyncio.sleep(GATHER.total_seconds() - (monotonic() - over))

    async def round(self) -> int:
        """Claim what may go now and start sending it; tells how much that was."""
        return (await self._round()).begun

    async def drain(self) -> int:
        """Send everything that may go now, and wait for it; tells how much that was."""
        sent = 0
        while True:
            round = await self._round()
            sent += round.begun
            tasks = self._tasks()
            await asyncio.gather(*tasks)
            if not (tasks or round.begun or round.more):
                return sent

    async def _round(self) -> Round:
        round, rung = Round(self._now() + IDLE), self._rung
        queues, turn = await self._look_around()
        if turn is not None:
            self._begin(turn, round, rung)
            return round
        most = max(1, min(A_TURN, A_ROUND // max(1, len(queues))))
        waiting = iter(queues)
        while abreast := list(islice(waiting, ABREAST)):
            await asyncio.gather(*(self._take_turn(queue, most, round) for queue in abreast))
        return round

    async def _look_around(self) -> tuple[list[Queue], Turn | None]:
        """Where something is due; if in one workspace only, with its turn, on the same way to the tables.
        What claims left behind is swept up once a second, apart: nobody waits for it."""
        moment = self._moment()
        if self._swept is not None and self._swept.before(moment) < IDLE:
            with suppress(Exception):  # told of the turn that is taken by itself then
                return await self._database.transact(self._look)
        queues, over = await self._database.transact(partial(self._sweep, now=moment.now))
        self._swept = moment
        self._meters.lease_expired(over)
        return queues, None

    def _look(self, tx: Transaction) -> tuple[list[Queue], Turn | None]:
        queues = self._queues(tx, self._now())
        if len(queues) != 1 or self._rests_until(queues[0]) is not None:
            return queues, None
        room = min(A_TURN, self._room(queues[0]))
        return queues, self._claim(tx, queues[0], room) if room > 0 else None

    def _queues(self, tx: Transaction, now: datetime) -> list[Queue]:
        return [queue for queue in deliveries.queues(tx, now) if queue.platform in self._platforms]

    def _sweep(self, tx: Transaction, now: datetime) -> tuple[list[Queue], int]:
        """The queues, and how many claims came to their end without an outcome."""
        deliveries.repeat_updates(tx, now)
        over = deliveries.expire_claims(tx, now, now + SWEEP)
        for lost in over:
            log.warning("pump.lease_over", message=lost.id, kind=lost.kind, error=lost.last_error)
        crash("pump.reaped")
        return self._queues(tx, now), len(over)

    async def _take_turn(self, queue: Queue, most: int, round: Round) -> None:
        if (back := self._rests_until(queue)) is not None:
            round.until = min(round.until, back)
            return
        room = self._room(queue)
        if room <= 0:
            round.crowded = True  # the bell rings
            if len(self._under_way[queue.workspace_id]) < AT_ONCE:
                round.until = min(round.until, self._now() + CATCH_UP)
            return
        rung = self._rung
        try:
            turn = await self._database.transact(partial(self._claim, queue=queue, room=min(room, most)))
        except Exception:  # of one workspace; the others have their turn all the same
            log.exception("pump.turn", workspace=queue.workspace_id)
            return
        if turn is None:
            round.until = min(round.until, self._now() + GATHER)
            return
        self._begin(turn, round, rung)

    def _room(self, queue: Queue) -> int:
        """For how many more there is room. Less than a turn may take is none at all, for a moment after the
        last one."""
        room = AT_ONCE - len(self._under_way.get(queue.workspace_id, ()))
        since = monotonic() - self._turns.get(queue.workspace_id, 0.0)
        return 0 if room < A_TURN and since < CATCH_UP.total_seconds() else room

    def _rests_until(self, queue: Queue) -> datetime | None:
        """If nothing that is due there may leave, as far as this process knows."""
        rest = self._rests.get(queue.workspace_id)
        if rest is None or queue.looks or monotonic() >= rest.counted:
            return None
        until = [rest.held.get(_pace_of(queue.workspace_id, rank)) for rank in queue.ranks]
        back = min((moment for moment in until if moment is not None), default=None)
        return back if back is not None and None not in until and self._now() < back else None

    def _begin(self, turn: Turn, round: Round, rung: int) -> None:
        """What it claimed leaves. `rung`: how often the bell had rung before the look."""
        crash("pump.claimed")
        workspace = turn.queue.workspace_id
        self._turns[workspace] = monotonic()
        round.begun += len(turn.outgoing) + len(turn.looks)
        round.more |= turn.more
        round.until = min([round.until, *turn.held.values()])
        if rung == self._rung:  # what made it ring may not have been there yet
            self._rests[workspace] = Rest(turn.held, monotonic() + IDLE.total_seconds())
        for one in turn.outgoing:
            self._start(workspace, self._deliver(one))
        for look in turn.looks:
            self._start(workspace, self._doubts.resolve(look, turn.queue.platform, turn.now + LEASE))

    def _start(self, workspace: str, work: Coroutine[Any, Any, None]) -> None:
        under_way = self._under_way[workspace]
        task = asyncio.create_task(work)
        under_way.add(task)
        task.add_done_callback(partial(self._over, under_way))

    def _over(self, under_way: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
        """The bell rings when there is room for a turn again."""
        under_way.discard(task)
        if len(under_way) in (0, AT_ONCE - A_TURN, AT_ONCE - 1):
            self._bell.set()

    # one workspace, in one transaction

    def _claim(self, tx: Transaction, queue: Queue, room: int) -> Turn | None:
        """None while another process has its turn there."""
        circle = circles.take_turn(tx, queue.workspace_id)
        if circle is None:
            return None
        began = Moment(self._now(), monotonic())
        turn = Turn(queue, circle, room, began, Paces(tx, began.now))
        turn.paces.read(f"{queue.workspace_id}:{what}" for what in ("send", "update", "find"))
        if queue.looks:
            self._claim_looks(tx, turn)
        for rank in queue.ranks:
            self._claim_rank(tx, turn, rank)
        turn.paces.write()
        crash("pump.claiming")
        return turn

    def _claim_looks(self, tx: Transaction, turn: Turn) -> None:
        paces = {f"{turn.queue.workspace_id}:find": self._platforms[turn.queue.platform].pace.find}
        for message in deliveries.to_look_for(tx, turn.queue.workspace_id, turn.now, LOOKS):
            if used := turn.paces.take(paces):
                turn.hold(*used)
                return
            if (look := deliveries.start_look(tx, message, turn.now + LEASE)) is not None:
                turn.looks.append(look)

    def _claim_rank(self, tx: Transaction, turn: Turn, rank: int) -> None:
        """As many as there is room for, until the workspace's pace for them is used up. No more are looked at
        than may leave; while those have to wait for something else, twice as many each time."""
        pace = self._platforms[turn.queue.platform].pace
        key, limit = _pace_of(turn.queue.workspace_id, rank), pace.update if rank >= PRIORITIES else pace.send
        room, weighed = turn.room - len(turn.outgoing) - len(turn.looks), 0
        while (until := turn.paces.used_up(key, limit, _few(limit, rank))) is None:
            if weighed >= room:
                turn.more = True
                return
            most = min(room - weighed, turn.paces.left(key, limit) + weighed)
            due = deliveries.due(tx, turn.queue.workspace_id, rank, turn.now, most)
            if due:
                turn.paces.read((address_key(message) for message in due), holds=False)
                self._claim_due(tx, turn, rank, due)
            if len(due) < most:
                return
            weighed += len(due)
        turn.hold(key, until)

    def _claim_due(self, tx: Transaction, turn: Turn, rank: int, due: Sequence[Message]) -> None:
        """Weigh, draw, pace, and claim what is left, in as few questions as there are of them for one."""
        key = _pace_of(turn.queue.workspace_id, rank)
        cards: dict[str, Card] = {}
        ready = []
        for reading in self._weighed(tx, turn, due):
            message = reading.message
            if (card := self._draw(turn, reading)) and self._take(tx, turn, message, rank):
                cards[message.id] = card
                ready.append(message)
                turn.spent[message.person_id] += self._counts(message)
            if key in turn.held:
                break
        for message in deliveries.claim(tx, ready, turn.now, turn.now + LEASE):
            notice = Notice(message.id, cards[message.id])
            turn.outgoing.append(Outgoing(message, turn.queue.platform, notice, turn.began))

    def _weighed(self, tx: Transaction, turn: Turn, due: Sequence[Message]) -> Iterator[Reading]:
        """What may leave now, and all that it takes to draw it."""
        circle = turn.circle
        in_circle = CircleTransaction(tx, circle.id)
        known = people.load_all(in_circle, {m.person_id for m in due if m.person_id})
        counting = (known[m.person_id][0] for m in due if m.person_id and self._counts(m))
        turn.spent = Counter(used(in_circle, counting, turn.now))
        answers: dict[Hashable, Any] = {}
        readers = _readers(due)
        for message in due:
            kind = self._drawings[message.kind].kind
            reader, member = known[message.person_id] if message.person_id else (None, None)
            verdict = weigh(message, kind, circle, reader, member, turn.spent[message.person_id], turn.now)
            if verdict.never:
                deliveries.drop_if_unchanged(tx, message, verdict.never)
            elif verdict.until is not None:
                deliveries.postpone(tx, message, verdict.until)
            else:
                told = reader or circle
                scope = in_circle, turn.now, circle, Translator(told.language, told.zone), self._site
                together = readers[message.kind, message.subject_id]
                yield Reading(*scope, message, reader, member, together, known=answers)

    def _counts(self, message: Message) -> bool:
        """Against its reader's ceiling, once it leaves."""
        return self._drawings[message.kind].kind.counts and message.shown_version == 0

    def _draw(self, turn: Turn, reading: Reading) -> Card | None:
        """From today's data; a message without a card is out of the way."""
        message = reading.message
        try:
            card = self._drawings[message.kind].draw(reading)
        except Exception:
            log.exception("pump.draw", kind=message.kind, message=message.id)
            self._bury(reading.tx, message, "could not be drawn", turn.now)
            return None
        if card is None:
            deliveries.drop_if_unchanged(reading.tx, message, messages.NOTHING_TO_SHOW)
        return card

    def _take(self, tx: Transaction, turn: Turn, message: Message, rank: int) -> bool:
        """A turn of the workspace's pace and of the address's. A used-up workspace is noted: its messages
        stay due; a used-up address postpones this one."""
        pace = self._platforms[turn.queue.platform].pace
        workspace, limit = pace_key(message), pace.update if message.shown_version else pace.send
        used_up = turn.paces.take({workspace: limit, address_key(message): pace.channel})
        if used_up is None:
            return True
        if used_up[0] == workspace:
            turn.hold(workspace, turn.paces.used_up(workspace, limit, _few(limit, rank)) or used_up[1])
        else:
            deliveries.postpone(tx, message, used_up[1])
        return False

    # one message, with no transaction open

    async def _deliver(self, one: Outgoing) -> None:
        outcome = await self._attempt(one)
        if outcome is not None:
            crash("pump.answered")
            await self._ledger.write(outcome, one.claimed.now + LEASE)

    async def _attempt(self, one: Outgoing) -> Outcome | None:
        """Call the platform; what came of it, to be written down. None if the claim was lost before."""
        message = one.message
        messenger = self._platforms[one.platform].messenger
        try:
            if message.shown_version == 0:
                await messenger.reach(message.address)
            crash("pump.reached")
            if not await self._still_ours(one):
                return None
            crash("pump.sending")
            reference = await _put(messenger, one)
        except MessengerError as error:
            return self._failure(one, error)
        except Exception as error:
            log.exception("pump.deliver", message=message.id)
            return self._failure(one, Unsure(type(error).__name__))
        self._meters.sent(one.platform, method(message), Result.SHOWN)
        return Outcome(self._stand, (message, reference))

    def _failure(self, one: Outgoing, error: MessengerError) -> Outcome:
        self._meters.sent(one.platform, method(one.message), result(one.message, error))
        return Outcome(self._fail, (one.message, error))

    def _fail(
        self, tx: Transaction, now: datetime, failures: Sequence[tuple[Message, MessengerError]]
    ) -> None:
        for message, error in failures:
            if failed(tx, now, message=message, error=error):
                self._lost(tx, message, now)

    def _bury(self, tx: Transaction, message: Message, why: str, now: datetime) -> None:
        if bury(tx, message, why, now):
            self._lost(tx, message, now)

    def _lost(self, tx: Transaction, message: Message, now: datetime) -> None:
        if lost := self._drawings[message.kind].lost:
            lost(tx, message, now)

    async def _still_ours(self, one: Outgoing) -> bool:
        """Just before the socket: is there time for a call within the lease, and was the claim looked at a
        moment ago? The claiming itself was such a look. Raises Unavailable."""
        looked = one.claimed
        while one.claimed.before(moment := self._moment()) < LEAVE:
            if looked.before(moment) <= FRESH:
                return True
            looked = moment
            try:
                ours = await self._database.read(partial(deliveries.holds_claim, message=one.message))
            except Exception as error:
                raise Unavailable("the claim could not be looked at") from error
            if not ours:
                return False
        raise Unavailable("there was no time left")

    def _moment(self) -> Moment:
        return Moment(self._now(), monotonic())

    def _stand(self, tx: Transaction, now: datetime, stand: Sequence[tuple[Message, str]]) -> None:
        new = (message for message in deliveries.mark_shown(tx, stand, now) if message.shown_version == 0)
        for kind, arrived in _by_kind(new):
            if tell := self._drawings[kind].arrived:
                tell(tx, arrived, now)
        crash("pump.settling")


def _pace_of(workspace_id: str, rank: int) -> str:
    return f"{workspace_id}:{method_of(rank)}"


def _few(limit: Limit, rank: int) -> int:
    """How many of them it is worth to come for."""
    return max(1, min(A_FEW, limit.burst, int(limit.rate * FOR_THEM))) if rank in MANY else 1


def _readers(due: Iterable[Message]) -> Mapping[tuple[str, str], frozenset[str]]:
    """Who is shown the same, by kind and subject."""
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for message in due:
        found[message.kind, message.subject_id] += [message.person_id] if message.person_id else []
    return {what: frozenset(who) for what, who in found.items()}


def _by_kind(these: Iterable[Message]) -> Iterable[tuple[str, list[Message]]]:
    found: defaultdict[str, list[Message]] = defaultdict(list)
    for message in these:
        found[message.kind].append(message)
    return found.items()


async def _put(messenger: Messenger, one: Outgoing) -> str:
    message = one.message
    if message.shown_version == 0:
        return await messenger.send(message.address, one.notice)
    await messenger.update(message.address, message.reference, one.notice)
    return message.reference
