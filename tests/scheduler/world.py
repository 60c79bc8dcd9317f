"""A circle straight in the tables, and a chat in memory that remembers what stands where: what it stored is
the ground truth."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import count

from bot import context
from bot.chat.card import Card, text
from bot.chat.event import Sender
from bot.chat.messenger import CannotTell, Gone, Limit, MessengerError, Notice, Pace, Unsure
from bot.chat.platform import Redraw, Show
from bot.context import Context, Reading
from bot.domain.member import Preferences
from bot.domain.message import AUTHOR, POST, REPLY, UNDELIVERED, Kind, Message, State
from bot.locales import Translator
from bot.meters import Meters
from handlers.membership.service import found_circle
from scheduler.pump import PressedCards, Pump
from storage import circles, messages, people, tables
from storage.engines.database import Database
from storage.messages import Recipient
from storage.transaction import CircleTransaction, Transaction
from tests.house import Clock

SITE = "https://cercle.example"
FREELY = Limit(10_000, 10_000)
UNPACED = Pace(send=FREELY, update=FREELY, channel=FREELY, find=FREELY)
ALWAYS = Preferences(weekly_ceiling=1000, days=frozenset(range(7)))


@dataclass(frozen=True)
class Posted:
    """`id`: of the message that it is. `notice`: what its metadata says of that, nothing once somebody has
    drawn over it."""

    reference: str
    notice: str
    at: datetime
    words: str
    id: str


Before = Callable[[str, str], Awaitable[None]]
"""(method, address): whatever happens on the way to the chat."""


@dataclass
class FakeChat:
    """A platform and its messenger. `faults`: what the next calls of a method meet, one each: an error raised
    with nothing done, or `Unsure` of a thing that was done all the same (`CUT`)."""

    clock: Clock
    name: str = "slack"
    pace: Pace = UNPACED
    tells: bool = True
    resends: bool = False
    stored: dict[str, list[Posted]] = field(default_factory=lambda: defaultdict(list))
    calls: Counter[str] = field(default_factory=Counter)
    faults: dict[str, deque[MessengerError | None]] = field(default_factory=lambda: defaultdict(deque))
    before: Before | None = None
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def messenger(self) -> FakeChat:
        return self

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    def meets(self, method: str, *errors: MessengerError | None) -> None:
        self.faults[method].extend(errors)

    async def reach(self, address: str) -> None:
        await self._met("reach", address)

    async def send(self, address: str, notice: Notice) -> str:
        cut = await self._met("send", address)
        posted = Posted(f"{next(self.numbers):06}", notice.id, self.clock(), _words(notice), notice.id)
        self.stored[address].append(posted)
        _lose(cut)
        return posted.reference

    async def update(self, address: str, reference: str, notice: Notice) -> None:
        cut = await self._met("update", address)
        self._put(address, reference, words=_words(notice), notice=notice.id)
        _lose(cut)

    async def draw_over(self, address: str, reference: str, notice: Notice) -> None:
        """By the way that a press left open."""
        cut = await self._met("over", address)
        self._put(address, reference, words=_words(notice), notice="")
        _lose(cut)

    def _put(self, address: str, reference: str, **changes: str) -> None:
        at = [posted.reference for posted in self.stored[address]]
        if reference not in at:
            raise Gone("message_not_found")
        number = at.index(reference)
        self.stored[address][number] = replace(self.stored[address][number], **changes)

    async def delete(self, address: str, reference: str) -> None:
        cut = await self._met("delete", address)
        self.stored[address] = [p for p in self.stored[address] if p.reference != reference]
        _lose(cut)

    async def find(self, address: str, notice_id: str, since: datetime) -> tuple[str, ...]:
        _lose(await self._met("find", address))
        if not self.tells:
            raise CannotTell("no history here", resend=self.resends)
        there = self.stored[address]
        return tuple(p.reference for p in there if p.notice == notice_id and p.at >= since)

    async def _met(self, method: str, address: str) -> MessengerError | None:
        self.calls[method] += 1
        if self.before is not None:
            await self.before(method, address)
        fault = self.faults[method].popleft() if self.faults[method] else None
        if fault is not None and not isinstance(fault, Cut):
            raise fault
        return fault


class Cut(Unsure):
    """Done, and the answer cut."""


def _lose(cut: MessengerError | None) -> None:
    if cut is not None:
        raise cut


def _words(notice: Notice) -> str:
    return notice.card.title


def draw(reading: Reading) -> Card | None:
    """Version and subject, so that a test sees which was drawn; nothing of what is "gone"."""
    if reading.message.subject_id.startswith("gone"):
        return None
    return Card(f"{reading.message.subject_id} v{reading.message.wanted_version}", (text("."),))


KINDS = tuple(context.Notice(kind, draw) for kind in (POST, AUTHOR, REPLY, UNDELIVERED))


@dataclass
class World:
    """Circles of one workspace each, by the name of their workspace."""

    database: Database
    chat: FakeChat
    clock: Clock
    circles: dict[str, str] = field(default_factory=dict)

    def pump(self, database: Database | None = None, meters: Meters | None = None) -> Pump:
        """As each process has one."""
        return Pump(database or self.database, [self.chat], KINDS, SITE, self.clock, meters)

    async def circle(self, team: str = "T1", members: int = 1) -> list[str]:
        """Make it; returns the members' addresses."""
        users = [f"U{number}" for number in range(members)]
        return await self.database.transact(partial(self._circle, team=team, users=users))

    def _circle(self, tx: Transaction, team: str, users: list[str]) -> list[str]:
        found_circle(tx, "slack", team, "en", "UTC", self.clock())
        for user in users:
            people.add(tx, "slack", team, user, zone="UTC")
            found = people.find(tx, "slack", team, user)
            assert found
            self.circles[team] = found[0].id
            people.join(tx, found[1], ALWAYS, 1, self.clock())
        circles.change(CircleTransaction(tx, self.circles[team]), weekly_ceiling=ALWAYS.weekly_ceiling)
        return [f"slack:{team}:{user}" for user in users]

    async def request(self, addresses: list[str], subject: str = "s", kind: Kind = POST) -> None:
        await self.database.transact(partial(self._request, addresses=addresses, subject=subject, kind=kind))

    def _request(self, tx: Transaction, addresses: list[str], subject: str, kind: Kind) -> None:
        circle = CircleTransaction(tx, self.circles[addresses[0].split(":")[1]])
        persons = {p.address: p for a in addresses if (p := people.at_address(circle, a))}
        to = [Recipient(persons[a].workspace_id, a, persons[a].id) for a in addresses]
        messages.request(circle, kind, subject, to, self.clock())

    async def change(self, team: str = "T1", subject: str = "s", kind: Kind = POST) -> None:
        def redraw(tx: Transaction) -> None:
            circle = CircleTransaction(tx, self.circles[team])
            messages.redraw(circle, kind, subject, self.clock())

        await self.database.transact(redraw)

    def pressed(self, database: Database | None = None) -> PressedCards:
        """As each process has one that hears presses."""
        return PressedCards(database or self.database, KINDS, SITE, self.clock)

    async def press(
        self, address: str, reference: str, subject: str = "s", by: PressedCards | None = None
    ) -> Redraw | None:
        """Somebody presses a button, which changes what their card is to show. What is returned draws it by
        the way that the press left open."""
        press = partial(self._press, address=address, reference=reference, subject=subject)
        return await self.database.transact(partial(press, by=by or self.pressed()))

    def _press(
        self, tx: Transaction, address: str, reference: str, subject: str, by: PressedCards
    ) -> Redraw | None:
        platform, team, user = address.split(":")
        found = people.find(tx, platform, team, user)
        assert found
        circle, person, member = found
        bound, t = CircleTransaction(tx, circle.id), Translator("en", "UTC")
        messages.redraw_for(bound, person.id, subject, self.clock())
        sender = Sender(platform, team, user, "")
        context = Context(bound, self.clock(), circle, t, SITE, sender, person, member, ())
        return by.reserve(context, reference)

    def over(self, address: str, reference: str) -> Show:
        return partial(self.chat.draw_over, address, reference)

    async def leave(self, address: str) -> None:
        await self.database.transact(partial(self._leave, address=address))

    def _leave(self, tx: Transaction, address: str) -> None:
        person = people.at_address(CircleTransaction(tx, self.circles[address.split(":")[1]]), address)
        assert person
        people.leave(tx, person, self.clock())
        messages.recall_for(CircleTransaction(tx, person.circle_id), person.id, "left")

    async def rows(self) -> list[Message]:
        def read(tx: Transaction) -> list[Message]:
            keys = tx.execute(tables.message.select().order_by(tables.message.c.created_at)).all()
            return [
                found
                for key in keys
                if (found := messages.load(CircleTransaction(tx, key.circle_id), key.id))
            ]

        return await self.database.transact(read)

    async def states(self) -> Counter[State]:
        return Counter(row.state for row in await self.rows() if row.kind != UNDELIVERED.name)

    def shown(self, address: str) -> list[str]:
        return [posted.words for posted in self.chat.stored[address]]
