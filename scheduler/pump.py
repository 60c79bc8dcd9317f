"""The pump makes the chats agree with the tables: wanted ≠ shown → send, or draw again.

One round claims what is due and may go, in one transaction in which each card is drawn from today's data;
then, with no transaction open, the messengers are called; then each outcome is written under its fence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.chat.card import Card
from bot.chat.messenger import (
    Messenger,
    MessengerError,
    Notice,
    Refused,
    Throttled,
    Unavailable,
    Unreachable,
    Unsure,
)
from bot.chat.platform import Platform
from bot.context import Notice as Drawing
from bot.context import Reading
from bot.domain.circle import Person
from bot.domain.member import Member, working_time
from bot.domain.message import UNDELIVERED, Kind, Message
from bot.domain.working_time import may_go, week_of
from bot.locales import Translator
from storage import circles, messages, people
from storage.database import Database, Transaction
from storage.messages import Due, Recipient

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
"""Six times what a platform call may take (10 s): nobody takes a message over while it may still leave."""
ATTEMPTS = 8
FIRST_RETRY = timedelta(seconds=2)
LAST_RETRY = timedelta(hours=1)
UNREACHABLE_PAUSE = timedelta(days=1)
"""How long a message to somebody who cannot be written to waits before it is weighed again."""
AT_ONCE = 40
"""Messages of one workspace under way at a time."""
IDLE = 1.0
"""Seconds between two looks at the tables when nothing rings."""
GATHER = 0.1
"""Seconds between a ring and the look: what many presses ring for is one look."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed message and its card, drawn."""

    message: Message
    platform: str
    notice: Notice


@dataclass(frozen=True, slots=True)
class Verdict:
    """May it go: now, at `until`, or never (`never` says why)."""

    until: datetime | None = None
    never: str = ""


GO = Verdict()


def weigh(
    tx: Transaction, message: Message, kind: Kind, reader: Person | None, member: Member | None, now: datetime
) -> Verdict:
    """The one place that decides whether a message may leave: consent, reachability, staleness, working
    time, ceiling. A card that is there already is only redrawn, and disturbs nobody."""
    if message.shown_version > 0 or reader is None:
        return GO
    if message.expires_at is not None and message.expires_at <= now:
        return Verdict(never="expired before it could go")
    if kind.consent and member is None:
        return Verdict(never="no consent")
    if not reader.reachable:
        return Verdict(until=now + UNREACHABLE_PAUSE)
    if not kind.unasked:
        return GO
    return _in_working_time(tx, message, kind, reader, member, now)


def _in_working_time(
    tx: Transaction, message: Message, kind: Kind, reader: Person, member: Member | None, now: datetime
) -> Verdict:
    ceiling = member.preferences.weekly_ceiling if member and kind.counts else None
    used = 0
    if ceiling is not None:
        used = messages.count_shown(tx, message.circle_id, reader.id, *week_of(reader.zone, now))
    moment = may_go(working_time(reader.zone, member), now, used, ceiling)
    if moment is None:
        return Verdict(until=now + UNREACHABLE_PAUSE)
    return GO if moment <= now else Verdict(until=moment)


class Pump:
    """One a process. `ring` after anything was committed that may be due."""

    def __init__(
        self,
        database: Database,
        platforms: Iterable[Platform],
        drawings: Iterable[Drawing],
        site: str,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._platforms: Mapping[str, Platform] = {platform.name: platform for platform in platforms}
        self._drawings = {drawing.kind.name: drawing for drawing in drawings}
        self._site = site
        self._now = now
        self._bell = asyncio.Event()
        self._next = now()
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopping = False

    def ring(self) -> None:
        self._bell.set()

    async def run(self) -> None:
        """Until `stop`."""
        while not self._stopping:
            self._bell.clear()
            try:
                sent = await self.round()
            except Exception:
                log.exception("pump.round")
                sent = 0
            if not sent:
                await self._wait()

    async def stop(self) -> None:
        """Take nothing more; wait for what is under way."""
        self._stopping = True
        self._bell.set()
        await asyncio.gather(*self._under_way)

    async def _wait(self) -> None:
        seconds = (self._next - self._now()).total_seconds()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, min(seconds, IDLE))):
                await self._bell.wait()
                await asyncio.sleep(GATHER)

    async def round(self) -> int:
        """Claim what may go now and start sending it; tells how much that was."""
        room = AT_ONCE - len(self._under_way)
        if room <= 0:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
            return 0
        outgoing = await self._database.transact(partial(self._claim, room=room))
        for one in outgoing:
            task = asyncio.create_task(self._deliver(one))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return len(outgoing)

    async def drain(self) -> int:
        """Send everything that may go now, and wait for it; tells how much that was."""
        sent = 0
        while (count := await self.round()) or self._under_way:
            sent += count
            await asyncio.gather(*self._under_way)
        return sent

    def _claim(self, tx: Transaction, room: int) -> list[Outgoing]:
        now = self._now()
        for lost in messages.reap(tx, now):
            tell_team(tx, lost, now)
        outgoing: list[Outgoing] = []
        held: dict[str, datetime] = {}
        for due in messages.due(tx, now, each=AT_ONCE):
            if len(outgoing) < room and (one := self._prepare(tx, due, held, now)) is not None:
                outgoing.append(one)
        self._next = min(held.values(), default=now + timedelta(seconds=IDLE))
        return outgoing

    def _prepare(
        self, tx: Transaction, due: Due, held: dict[str, datetime], now: datetime
    ) -> Outgoing | None:
        """Weigh, draw, pace, claim; None if it does not leave this time. `held`: paces that are used up,
        by key, until when."""
        message, platform = due.message, self._platforms.get(due.platform)
        if platform is None or _key(message) in held:
            return None
        drawing = self._drawings[message.kind]
        reader, member = (
            people.load(tx, message.circle_id, message.person_id) if message.person_id else (None, None)
        )
        verdict = weigh(tx, message, drawing.kind, reader, member, now)
        if verdict.never:
            messages.drop(tx, message, verdict.never)
            return None
        if verdict.until is None:
            verdict = _pace(tx, message, platform, held, now)
        if verdict.until is not None:
            messages.postpone(tx, message, verdict.until)
            return None
        if _key(message) in held:
            return None
        try:
            card = drawing.draw(self._reading(tx, message, reader, member, now))
        except Exception:
            log.exception("pump.draw", kind=message.kind, message=message.id)
            messages.bury(tx, message, "could not be drawn")
            tell_team(tx, message, now)
            return None
        if card is None:
            messages.drop(tx, message, messages.NOTHING_TO_SHOW)
            return None
        return self._take(tx, message, platform, card, now)

    def _reading(
        self, tx: Transaction, message: Message, reader: Person | None, member: Member | None, now: datetime
    ) -> Reading:
        circle = circles.circle(tx, message.circle_id)
        t = Translator(reader.language, reader.zone) if reader else Translator(circle.language, circle.zone)
        return Reading(tx, now, circle, t, self._site, message, reader, member)

    def _take(
        self, tx: Transaction, message: Message, platform: Platform, card: Card, now: datetime
    ) -> Outgoing | None:
        claimed = messages.claim(tx, message, now + LEASE)
        return Outgoing(claimed, platform.name, Notice(claimed.id, card)) if claimed else None

    async def _deliver(self, one: Outgoing) -> None:
        settle = await self._attempt(one)
        try:
            await self._database.transact(lambda tx: settle(tx, self._now()))
        except Exception:
            log.exception("pump.settle", message=one.message.id)
        self._bell.set()

    async def _attempt(self, one: Outgoing) -> Settle:
        """Call the platform; what came of it, to be written down."""
        message = one.message
        try:
            reference = await _put(self._platforms[one.platform].messenger, one)
        except MessengerError as error:
            return partial(_failed, message=message, error=error)
        except Exception as error:
            log.exception("pump.deliver", message=message.id)
            return partial(_failed, message=message, error=Unsure(type(error).__name__))
        return partial(self._stands, message=message, reference=reference)

    def _stands(self, tx: Transaction, now: datetime, *, message: Message, reference: str) -> None:
        arrived = self._drawings[message.kind].arrived
        if messages.shown(tx, message, reference, now) and message.shown_version == 0 and arrived:
            arrived(tx, message, now)


def _pace(
    tx: Transaction, message: Message, platform: Platform, held: dict[str, datetime], now: datetime
) -> Verdict:
    """Take a turn of the workspace's pace and of the address's. A used-up workspace is noted in `held`: its
    messages stay due; a used-up address postpones this one."""
    limit = platform.pace.update if message.shown_version else platform.pace.send
    if until := messages.token(tx, _key(message), limit, now):
        held[_key(message)] = until
        return GO
    if until := messages.token(tx, f"{message.address}:{_method(message)}", platform.pace.channel, now):
        return Verdict(until=until)
    return GO


def _method(message: Message) -> str:
    return "update" if message.shown_version else "send"


def _key(message: Message) -> str:
    """The pace of a workspace for one method, as platforms count it."""
    return f"{message.workspace_id}:{_method(message)}"


Settle = Callable[[Transaction, datetime], object]
"""Writes an outcome under the fence of its claim."""


async def _put(messenger: Messenger, one: Outgoing) -> str:
    message = one.message
    if message.shown_version == 0:
        return await messenger.send(message.address, one.notice)
    await messenger.update(message.address, message.reference, one.notice)
    return message.reference


def _failed(tx: Transaction, now: datetime, *, message: Message, error: MessengerError) -> None:
    why = str(error)
    match error:
        case Throttled():
            messages.hold(tx, _key(message), now + timedelta(seconds=error.wait))
            messages.wait_longer(tx, message, now + timedelta(seconds=error.wait), why)
        case Unreachable() if message.person_id is not None:
            people.lose(tx, message.circle_id, message.person_id)
            messages.retry(tx, message, now + UNREACHABLE_PAUSE, why)
        case Unavailable() if message.attempt < ATTEMPTS:
            messages.retry(tx, message, now + backoff(message.attempt), why)
        case Unsure() if message.shown_version == 0:
            messages.linger(tx, message, why)
        case Unsure() if message.attempt < ATTEMPTS:
            messages.retry(tx, message, now + backoff(message.attempt), why)
        case Unreachable() | Refused() | Unavailable() | Unsure() | _:
            if messages.bury(tx, message, why):
                tell_team(tx, message, now)


def backoff(attempt: int) -> timedelta:
    """2 s, 4 s, 8 s … an hour at most."""
    doubled: timedelta = FIRST_RETRY * 2 ** (attempt - 1)
    return min(doubled, LAST_RETRY)


def tell_team(tx: Transaction, message: Message, now: datetime) -> None:
    """One living card of dead letters for each of the comms team. A letter about letters stays unsaid."""
    if message.kind == UNDELIVERED.name:
        return
    team = [Recipient(p.workspace_id, p.address, p.id) for p in people.with_role(tx, message.circle_id)]
    messages.want(tx, message.circle_id, UNDELIVERED, message.circle_id, team, now)
    messages.bump(tx, message.circle_id, UNDELIVERED, message.circle_id, now)
