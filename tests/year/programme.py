"""A programme lived through by its people: whatever they do goes through the dispatcher, whatever happens by
itself through the timetable and the pump. What the chats stored, and when, is what happened."""

from __future__ import annotations

import heapq
import itertools
import random
import sqlite3
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select, update

from bot.app import DRAWINGS, ROUTER
from bot.chat import plain
from bot.chat.action import Action, pack
from bot.chat.card import Card, LinkButton, every_item, pictures
from bot.chat.event import Click, Command, Submission
from bot.chat.form import Answers, Value
from bot.chat.messenger import Notice, PictureRefused
from bot.chat.reply import Ask, Reply, Say
from bot.dispatch import Dispatcher
from bot.domain.circle import Role
from bot.domain.post import Found
from bot.locales import LANGUAGES, Translator
from bot.replies import Replies
from handlers.actions import OpenPoll
from handlers.meetings.cards import SaveMinutes
from handlers.membership.cards import Prefer
from handlers.membership.service import attach_workspace
from handlers.polls.cards import OpenBallot
from handlers.posts.cards import Compose, OpenCompose, Withdraw
from handlers.rounds.cards import StartRound
from handlers.team.service import first_code
from scheduler.pump import PressedCards, Pump
from scheduler.timetable import TIMETABLE, Tools, read_pages
from storage import circles, deliveries, tables
from storage.engines.database import Database
from storage.engines.sqlite import Sqlite
from storage.transaction import CircleTransaction, Transaction
from tests.databases import SEAL
from tests.house import SITE, Clock, asked, filled
from tests.scheduler.world import FakeChat
from tests.year.cast import EDITOR, HOMES, LEAD, Player, Wishes
from tests.year.oracle import DAY, QUARTER, Pace, Record, Sent, Turn, Weekly

PARIS = ZoneInfo("Europe/Paris")
SUNDAY = 6
TICKS = (time(10), time(17))
"""When the timetable is looked at, by the lead's clock; on Sundays before dawn too, and in the nights when
clocks are put forward or back, every half hour."""
DAWN = time(4)
NIGHTS = (
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 4, 4, 14, tzinfo=UTC),
    datetime(2026, 9, 26, 14, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
)
"""When they are in Paris and, the other way round, in Auckland."""
UNSHOWN = "https://example.org/gone.png"
"""A picture that Slack cannot fetch."""
FAILURES = {Translator(language)("failure.title") for language in LANGUAGES}

A = TypeVar("A", bound=Action)
T = TypeVar("T")
Act = Callable[[], Awaitable[object]]


class AtOnce(Sqlite):
    """Each unit of work runs where it is asked for: a single caller has nobody to share a commit with. What
    is written need not outlive a power cut."""

    def __init__(self, url: str) -> None:
        super().__init__(url, SEAL)

    def open(self) -> None:
        self._connection = self.engine.connect()
        self._raw = cast(sqlite3.Connection, self._connection.connection.driver_connection)
        self._raw.execute("PRAGMA synchronous=OFF")

    def close(self) -> None:
        self._connection.close()
        self.engine.dispose()

    async def read(self, work: Callable[[Transaction], T]) -> T:
        return work(self._connection)

    async def _transact(self, work: Callable[[Transaction], T]) -> T:
        self._raw.execute("BEGIN")
        try:
            result = work(self._connection)
        except BaseException:
            self._raw.execute("ROLLBACK")
            raise
        self._raw.execute("COMMIT")
        return result

    async def scrub(self, tables: Sequence[str]) -> bool:
        busy, _, _ = self._raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy


@dataclass
class Memory(FakeChat):
    """Remembers the cards too, and which of them have just come. Slack refuses one picture."""

    cards: dict[str, Card] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)

    async def send(self, address: str, notice: Notice) -> str:
        self._look(notice)
        reference = await super().send(address, notice)
        self.cards[notice.id] = notice.card
        self.fresh.append(notice.id)
        return reference

    async def update(self, address: str, reference: str, notice: Notice) -> None:
        self._look(notice)
        await super().update(address, reference, notice)
        self.cards[notice.id] = notice.card

    def _look(self, notice: Notice) -> None:
        if self.name == "slack" and any(picture.url == UNSHOWN for picture in pictures(notice.card)):
            raise PictureRefused("invalid_blocks")


@dataclass(frozen=True)
class Arrival:
    notice: str
    kind: str
    subject: str
    player: Player


@dataclass
class Programme:
    """One circle in two chats. `play` lives on until a moment; `record` is what the oracle judges."""

    url: str
    cast: Sequence[Player]
    start: datetime
    until: datetime
    seed: int = 7
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    agenda: list[tuple[datetime, int, Act]] = field(default_factory=list)
    on_arrival: Callable[[Arrival], None] = lambda arrival: None
    connect: Callable[[str], Database] = AtOnce
    chat: Callable[..., Memory] = Memory

    def __post_init__(self) -> None:
        self.clock = Clock(self.start)
        self.dice = random.Random(self.seed)
        self.database = self.connect(self.url)
        self.database.open()
        self.replies = Replies(ROUTER)
        drawings = (*DRAWINGS, self.replies.notice)
        pressed = PressedCards(self.database, drawings, SITE, self.clock)
        self.dispatch = Dispatcher(self.database, ROUTER, SITE, self.clock, self.replies, pressed=pressed)
        self.chats = {name: self.chat(self.clock, name=name) for name in HOMES}
        self.pump = Pump(self.database, list(self.chats.values()), drawings, SITE, self.clock)
        self.tools = Tools(self.database, _page, self.clock)
        players = {player.id: player for player in (*self.cast, EDITOR)}
        self.record = Record(players, frozenset({LEAD.id, EDITOR.id}), self.until)
        self.ticks = _ticks(self.start, self.until)

    def close(self) -> None:
        self.database.close()

    # time

    def at(self, moment: datetime, act: Act) -> None:
        heapq.heappush(self.agenda, (moment, next(self.numbers), act))

    def soon(self, act: Act, most: int = 12) -> None:
        """Within some quarters of an hour."""
        self.at(self.clock() + self.dice.randint(1, most) * QUARTER, act)

    async def play(self) -> None:
        while (moment := await self._next()) < self.until:
            self.clock.now = moment
            while self.agenda and self.agenda[0][0] <= moment:
                await heapq.heappop(self.agenda)[2]()
            if moment in self.ticks:
                await self._tick()
            while (due := await self._next_due()) is not None and due <= moment:
                await self.pump.round()
                await self.pump.finish()
            await self._react()
        await self._collect()

    async def _next(self) -> datetime:
        """When something happens next: an act, a tick, or a message that may go."""
        now, due = self.clock(), await self._next_due()
        planned = [self.agenda[0][0]] if self.agenda else []
        planned += [max(_quarter_after(due), now + QUARTER)] if due else []
        return min([*planned, self.ticks[bisect_right(self.ticks, now)]])

    async def _next_due(self) -> datetime | None:
        return await self.database.transact(deliveries.next_due)

    async def _tick(self) -> None:
        for job in TIMETABLE:
            await job.run(self.tools)
        circle = (await self.database.transact(circles.every))[0]
        self.record.paces.append(Pace(self.clock(), circle.weekly_ceiling, circle.slowed_at is not None))

    # what people do

    async def says(self, player: Player, text: str, place: str = "") -> Reply:
        return await self._heard(Command(self._key(), player.sender, text, place))

    async def presses(self, player: Player, action: Action, place: str = "") -> Reply:
        return await self._heard(Click(self._key(), player.sender, pack(action), place))

    async def submits(self, player: Player, action: Action, **values: Value) -> Reply:
        return await self._heard(Submission(self._key(), player.sender, pack(action), Answers(values)))

    def _key(self) -> str:
        return str(next(self.numbers))

    async def _heard(self, event: Command | Click | Submission) -> Reply:
        self.record.acts.add((event.sender.user, self.clock()))
        reply = (await self.dispatch(event)).reply
        assert not (isinstance(reply, Say) and reply.card.title in FAILURES), plain.render(reply.card)
        assert not (isinstance(reply, Ask) and reply.errors), reply
        return reply

    async def found(self) -> None:
        """The circle, its lead, the other of its two homes, and an editor."""
        await self.says(LEAD, "help")
        code = await self.database.transact(partial(first_code, now=self.clock()))
        await self.says(LEAD, f"lead {code}")
        await self.database.transact(_second_home)
        await self.says(EDITOR, "help")
        await self.database.transact(_make_editor)
        await self._tick()

    async def joins(self, player: Player) -> None:
        form = asked(await self.says(player, "join"))
        topics = next(part for part in form.parts if getattr(part, "name", "") == "topics")
        chosen = [option.value for option in topics.options if self.dice.random() < 0.7]  # type: ignore[union-attr]
        answers = filled(form) | player.wishes.answers | ({"topics": tuple(chosen)} if chosen else {})
        await self.submits(player, form.action, **answers)
        self._turn(player, "join", wishes=player.wishes)

    async def leaves(self, player: Player) -> None:
        await self.says(player, "leave")
        self._turn(player, "leave")

    async def wishes(self, player: Player, wishes: Wishes) -> None:
        form = asked(await self.says(player, "settings"))
        await self.submits(player, Prefer(), **(filled(form) | wishes.answers))
        self._turn(player, "wish", wishes=wishes)

    async def pauses(self, player: Player, days: int) -> None:
        back = self.clock().astimezone(ZoneInfo(player.zone)).date() + days * DAY
        await self.says(player, f"pause {back}")
        self._turn(player, "pause", back=back)

    async def resumes(self, player: Player) -> None:
        await self.says(player, "resume")
        self._turn(player, "resume")

    def _turn(self, player: Player, what: str, wishes: Wishes | None = None, back: date = date.min) -> None:
        self.record.lives[player.id].append(Turn(self.clock(), what, wishes, back))

    async def publishes(self, days: int, planned: int = 0) -> None:
        """A post that is shared for so many days, from now on or some days later."""
        await self.says(LEAD, f"post https://example.org/{next(self.numbers)}")
        await read_pages(self.tools)
        await self.pump.drain()
        chat = self.chats["slack"]
        opened = next(
            found for card in reversed(chat.cards.values()) if (found := offered(card, OpenCompose))
        )
        form = asked(await self.presses(LEAD, opened))
        topics = next(part for part in form.parts if getattr(part, "name", "") == "topic").options  # type: ignore[union-attr]
        today = self.clock().astimezone(PARIS).date()
        values: dict[str, Value] = {
            "why": "It is worth a look.",
            "opening_1": "I was there.",
            "topic": self.dice.choice(topics).value,
            "expires": (today + days * DAY).isoformat(),
        }
        if planned:
            values |= {"publish_date": (today + planned * DAY).isoformat(), "publish_time": "11:00"}
            values |= {"picture_url": UNSHOWN, "picture_alt": "Four people at a table"}
        await self.submits(LEAD, Compose(opened.draft), **(filled(form) | values))
        await self._note_ends()

    async def _note_ends(self) -> None:
        def read(tx: Transaction) -> None:
            c = tables.post.c
            for row in tx.execute(select(c.id, c.expires_at, c.withdrawn_at)):
                self.record.ends[row.id] = min(row.expires_at, row.withdrawn_at or row.expires_at)

        await self.database.transact(read)

    async def withdraws(self) -> None:
        """The latest post."""
        c = tables.post.c
        latest = select(c.id).order_by(c.created_at.desc()).limit(1)
        post = await self.database.transact(lambda tx: tx.execute(latest).scalar_one())
        await self.presses(LEAD, Withdraw(post))
        await self._note_ends()

    async def polls(self, player: Player, closes: date, place: str = "", repeats: str = "never") -> None:
        form = asked(await self.presses(player, OpenPoll(), place))
        assert isinstance(form.action, OpenBallot)
        values: dict[str, Value] = {
            "question": f"What do you think, {next(self.numbers)}?",
            "options": "Yes\nNo\nPerhaps",
            "closes_date": closes.isoformat(),
            "closes_time": "17:00",
            "repeats": repeats,
        }
        await self.submits(player, form.action, **(filled(form) | values))

    async def polls_weekly(self, player: Player, place: str) -> None:
        """From now on, in a channel."""
        today = self.clock().astimezone(ZoneInfo(player.zone)).date()
        await self.polls(player, today + 5 * DAY, place, "weekly")
        self.record.weekly[place] = Weekly(player.zone, self.clock())

    async def proposes(self, player: Player, setting: str, value: str, days: int) -> None:
        until = self.clock().astimezone(ZoneInfo(player.zone)).date() + days * DAY
        values = {"value": value, "reason": "Let us try.", "until": until.isoformat()}
        await self.submits(player, StartRound(setting), **values)

    async def writes_minutes(self) -> None:
        """Of the latest meeting."""
        m = tables.meeting.c
        held = select(m.id).where(m.starts_at < self.clock()).order_by(m.starts_at.desc()).limit(1)
        if meeting := await self.database.transact(lambda tx: tx.execute(held).scalar()):
            await self.submits(LEAD, SaveMinutes(meeting, 0), minutes="We met and agreed.")

    # what arrives

    async def _react(self) -> None:
        fresh = [notice for chat in self.chats.values() for notice in chat.fresh]
        for chat in self.chats.values():
            chat.fresh.clear()
        for arrival in await self._arrivals(fresh):
            self.on_arrival(arrival)

    async def _arrivals(self, notices: Sequence[str]) -> list[Arrival]:
        """Those that came to somebody, not to a channel."""
        if not notices:
            return []
        rows = await self.database.transact(lambda tx: tx.execute(ARRIVALS, {"notices": notices}).all())
        return [
            Arrival(row.id, row.kind, row.subject_id, self.record.players[row.external_id]) for row in rows
        ]

    def card(self, arrival: Arrival) -> Card:
        """As it stands there now."""
        return next(
            chat.cards[arrival.notice] for chat in self.chats.values() if arrival.notice in chat.cards
        )

    async def _collect(self) -> None:
        """What the chats stored."""
        rows = {row.id: row for row in await self.database.transact(lambda tx: tx.execute(MESSAGES).all())}
        for row in rows.values():
            self.record.wanted[row.kind].add(row.created_at)
        stored = (place for chat in self.chats.values() for place in chat.stored.items())
        for place, posted in stored:
            for each in posted:
                row = rows[each.notice]
                if row.external_id is not None:
                    sent = Sent(each.at, row.external_id, row.kind, row.subject_id, row.created_at)
                    self.record.sent.append(sent)
                elif row.kind == "poll" and each.at > self.record.weekly[place].began:
                    self.record.weekly[place].came.append(each.at)


_m, _a = tables.message.c, tables.account.c
MESSAGES = select(_m.id, _m.kind, _m.subject_id, _m.created_at, _a.external_id).outerjoin(
    tables.account, (_a.person_id == _m.person_id) & (_a.circle_id == _m.circle_id)
)
ARRIVALS = MESSAGES.where(
    _m.id.in_(bindparam("notices", expanding=True)), _a.external_id.is_not(None)
).order_by(_a.external_id, _m.kind, _m.created_at, _m.id)


def offered(card: Card, action: type[A], dice: random.Random | None = None) -> A | None:
    """What a button of that card does, one of them by chance."""
    items = [item.action for item in every_item(card) if not isinstance(item, LinkButton)]
    found = [item for item in items if isinstance(item, action)]
    return (dice.choice(found) if dice else found[0]) if found else None


async def _page(url: str) -> Found | str:
    return Found(url, f"A page: {url}", "Worth a look.")


def _quarter_after(moment: datetime) -> datetime:
    """That one, or the next."""
    late = (moment - datetime.min.replace(tzinfo=UTC)) % QUARTER
    return moment + (QUARTER - late if late else late)


def _ticks(start: datetime, until: datetime) -> list[datetime]:
    """In order; the last one is `until` or after."""
    found, day = set[datetime](), start.astimezone(PARIS).date()
    while not found or max(found) < until:
        clocks = (DAWN, *TICKS) if day.weekday() == SUNDAY else TICKS
        found.update(datetime.combine(day, clock, PARIS).astimezone(UTC) for clock in clocks)
        day += DAY
    found.update(night + n * timedelta(minutes=30) for night in NIGHTS for n in range(-4, 5))
    return sorted(moment for moment in found if moment > start)


def _second_home(tx: Transaction) -> None:
    attach_workspace(CircleTransaction(tx, circles.every(tx)[0].id), "teams", HOMES["teams"])


def _make_editor(tx: Transaction) -> None:
    p, a = tables.person.c, tables.account.c
    editor = select(a.person_id).where(a.external_id == EDITOR.id).scalar_subquery()
    tx.execute(update(tables.person).where(p.id == editor).values(role=Role.COMMS))
