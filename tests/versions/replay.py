"""What a version left, tried with today's code. Most functions return a sentence for each failure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import bindparam, select, update

from bot.chat import plain
from bot.chat.action import BadAction, unpack, verb_of
from bot.chat.event import Click, Submission
from bot.chat.form import Answers
from bot.chat.messenger import MessengerError, Notice
from bot.chat.reply import Reply, Say
from bot.chat.router import Router
from bot.context import Context
from bot.context import Notice as Drawing
from bot.dispatch import Dispatcher
from bot.domain.errors import ButtonGone
from bot.domain.message import State
from bot.domain.post import Post
from bot.domain.round import Round
from bot.locales import LANGUAGES, Translator
from bot.locales.log import KEY, sentence
from bot.platforms.slack.messenger import SlackMessenger
from bot.platforms.teams.glue import Connectors, TeamsSettings
from bot.platforms.teams.messenger import TeamsMessenger
from bot.replies import Replies
from scheduler.pump import Pump
from storage import circles, entries, posts, rounds, tables
from storage.engines.connect import connect
from storage.engines.database import Database
from storage.engines.postgres import Postgres
from storage.engines.sqlite import Sqlite
from storage.notebook import Notebook
from storage.transaction import CircleTransaction, Transaction
from tests.house import SECRET, SITE, Clock
from tests.scheduler.world import FakeChat
from tests.versions.fixture import CLICK, Actions, Seen, count_rows
from tests.year.cast import HOMES
from tests.year.programme import FAILURES

T = TypeVar("T")
GONE = {Translator(language)(ButtonGone().key) for language in LANGUAGES}
A_SORT = 3
"""Actions of one verb that are tried for one sort of reader."""


class Undone(Database):
    """A database that undoes every unit of work: each finds what the version left."""

    def __init__(self, url: str) -> None:
        made = connect(url)
        assert isinstance(made, Sqlite | Postgres)
        self._engine = made.engine

    def open(self) -> None:
        self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()

    async def _transact(self, work: Callable[[Transaction], T]) -> T:
        return await self.read(work)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        self._connection.exec_driver_sql("BEGIN")
        try:
            return work(self._connection)
        finally:
            self._connection.exec_driver_sql("ROLLBACK")


# Rows


def lost_rows(url: str, before: Mapping[str, int], moved: Collection[str]) -> list[str]:
    now = count_rows(url)
    return [
        f"{table} has {now.get(table, 0)} rows of {rows}"
        for table, rows in before.items()
        if now.get(table, 0) < rows and table not in moved
    ]


# Actions


def unknown_actions(router: Router[Context], seen: Iterable[Seen], removed: Collection[str]) -> list[str]:
    """Those that no listener understands although nothing says that they were removed; and removed ones that
    a listener understands."""
    found = {each.action: _understands(router, each) for each in seen}
    lost = [action for action, known in found.items() if not known and verb_of(action) not in removed]
    there = {verb_of(action) for action, known in found.items() if known} & set(removed)
    return [f"{action} is not understood" for action in lost] + [f"{verb} is not removed" for verb in there]


def _understands(router: Router[Context], seen: Seen) -> bool:
    heard: Mapping[str, tuple[Any, ...]] = router.clicks if seen.on == CLICK else router.submissions
    verb = verb_of(seen.action)
    try:
        return verb in heard and bool(unpack(heard[verb][0], seen.action))
    except BadAction:
        return False


def sample(actions: Actions) -> list[Seen]:
    """Some of each verb for each sort of reader, far apart."""
    sorts: defaultdict[tuple[object, ...], list[Seen]] = defaultdict(list)
    for each in actions.seen:
        sorts[verb_of(each.action), each.on, actions.readers[each.who].sort, bool(each.place)].append(each)
    return [each for alike in sorts.values() for each in alike[:: -(-len(alike) // A_SORT)]]


async def replies(
    url: str, actions: Actions, seen: Sequence[Seen], router: Router[Context]
) -> list[tuple[Seen, Reply]]:
    """Press each of them where the version left the database."""
    database = Undone(url)
    database.open()
    dispatch = Dispatcher(database, router, SITE, lambda: actions.now, Replies(router, SECRET))
    try:
        return [(each, (await dispatch(event(actions, each))).reply) for each in seen]
    finally:
        database.close()


async def failed_presses(
    url: str, actions: Actions, router: Router[Context], removed: Collection[str]
) -> list[str]:
    """Actions that today's code answers with an apology, or with ButtonGone although their own version did
    something."""
    answered = await replies(url, actions, sample(actions), router)
    problems = ((each, _problem(each, reply, removed)) for each, reply in answered)
    return [f"{each.action} of {each.who}: {problem}" for each, problem in problems if problem]


def event(actions: Actions, seen: Seen) -> Click | Submission:
    sender, key = actions.readers[seen.who].sender, "replay"
    if seen.on == CLICK:
        return Click(key, sender, seen.action, seen.place)
    return Submission(key, sender, seen.action, Answers(seen.answers))


def is_gone(reply: Reply) -> bool:
    return isinstance(reply, Say) and any(sentence in plain.render(reply.card) for sentence in GONE)


def is_apology(reply: Reply) -> bool:
    return isinstance(reply, Say) and reply.card.title in FAILURES


def _problem(seen: Seen, reply: Reply, removed: Collection[str]) -> str:
    if isinstance(reply, Say) and is_apology(reply):
        return plain.render(reply.card)
    if is_gone(reply) and not seen.gone and verb_of(seen.action) not in removed:
        return "it did something once, and is answered as a button that is gone"
    return ""


# Messages


@dataclass
class Paper(FakeChat):
    """A chat on which every message of the version stands already."""

    async def update(self, address: str, reference: str, notice: Notice) -> None:
        plain.render(notice.card)


async def undrawn_messages(
    url: str, now: datetime, drawings: Sequence[Drawing], removed: Collection[str]
) -> list[str]:
    """Messages of unknown kinds, and those that today's code cannot draw. Draws every message anew."""
    database = connect(url)
    database.open()
    try:
        stored = set(await database.transact(lambda tx: tx.execute(_kinds).scalars().all()))
        unknown = stored - {drawing.kind.name for drawing in drawings} - set(removed)
        if unknown:
            return [f"nothing draws the kind {kind}" for kind in sorted(unknown)]
        await database.transact(lambda tx: tx.execute(_again, {"moment": now, "left_out": list(removed)}))
        clock = Clock(now)
        papers = [Paper(clock, name=name) for name in ("slack", "teams", "playground")]
        await Pump(database, papers, drawings, SITE, clock).drain()
        rows = await database.transact(lambda tx: tx.execute(_left, {"left_out": list(removed)}).all())
    finally:
        database.close()
    return [f"{row.kind} {row.id} is {row.state}: {row.last_error}" for row in rows]


_m = tables.message.c
_kinds = select(_m.kind).distinct()
_stand = (_m.shown_version > 0) & _m.kind.not_in(bindparam("left_out", expanding=True))
_again = (
    update(tables.message)
    .where(_stand)
    .values(
        state=State.WAITING,
        wanted_version=_m.shown_version + 1,
        due_at=bindparam("moment"),
        attempt=0,
        lease_until=None,
        look_at=None,
        redraw_at=None,
        last_error="",
    )
)
_left = select(_m.id, _m.kind, _m.state, _m.last_error).where(
    _stand, _m.state.not_in([State.SHOWN, State.DROPPED])
)


# What recurs


async def unknown_recurring(url: str, known: Collection[str], removed: Collection[str]) -> list[str]:
    """Kinds of recurring things that are stored and that nothing keeps."""
    kinds = select(tables.recurring.c.kind).where(tables.recurring.c.circle_id == bindparam("circle"))
    stored = await _in_each_circle(
        url, lambda tx: tx.execute(kinds, {"circle": tx.circle_id}).scalars().all()
    )
    return [f"nothing keeps {kind}" for kind in sorted(set(stored) - set(known) - set(removed))]


# The log and stored JSON


async def unsaid_entries(url: str, keys: Collection[str], removed: Collection[str]) -> list[str]:
    """Log entries whose key, or a value that is a key, the catalogue does not have."""
    found = await _in_each_circle(url, lambda tx: entries.latest(tx, EVERY))
    return [
        f"{entry.what}: no {key} in the catalogue"
        for entry in found
        if entry.what not in removed
        for key in (entry.what, *filter(KEY.fullmatch, entry.values.values()))
        if key not in keys
    ]


async def said_entries(url: str, language: str) -> list[str]:
    """Return the public log in that language. Raises whatever saying an entry raises."""
    t = Translator(language)
    return [sentence(t, entry) for entry in await _in_each_circle(url, lambda tx: entries.latest(tx, EVERY))]


async def load_all(url: str) -> tuple[list[Post], list[Round]]:
    """Return every post and every round, which hold JSON. Raises whatever reading it raises."""

    def loaded(tx: CircleTransaction) -> list[Post | Round]:
        return [
            found
            for table, load in ((tables.post, posts.load), (tables.round, rounds.load))
            for id in tx.execute(select(table.c.id).where(table.c.circle_id == tx.circle_id)).scalars().all()
            if (found := load(tx, id)) is not None
        ]

    found = await _in_each_circle(url, loaded)
    return [each for each in found if isinstance(each, Post)], [e for e in found if isinstance(e, Round)]


async def unread_notes(url: str) -> list[str]:
    """Records of the platforms from which today's messenger does not learn where somebody is. No network is
    needed where it does."""
    database = Undone(url)
    database.open()
    notebook, problems = Notebook(database), []
    slack = SlackMessenger(AsyncWebClient(base_url="http://127.0.0.1:1/"), notebook)
    teams = TeamsMessenger(_TEAMS, Connectors((), aiohttp.ClientSession, None), notebook)
    try:
        for key in await database.transact(
            lambda tx: tx.execute(select(tables.notebook.c.key)).scalars().all()
        ):
            match key.split(":", 2):
                case ["slack", _, _]:
                    read = bool(await slack.channel(key))
                case ["teams", _, _]:
                    read = not await _fails(teams.reach(key))
                case ["teams-id", tenant, user]:
                    read = bool(await teams.objects(tenant, [user]))
                case _:
                    read = False
            problems += [] if read else [f"nobody reads {key}"]
    finally:
        database.close()
    return problems


_TEAMS = TeamsSettings("app", "password", HOMES["teams"])


async def _fails(reaching: Awaitable[None]) -> bool:
    try:
        await reaching
    except MessengerError:
        return True
    return False


EVERY = 1_000_000


async def _in_each_circle(url: str, read: Callable[[CircleTransaction], Sequence[T]]) -> list[T]:
    database = Undone(url)
    database.open()
    try:
        return await database.transact(
            lambda tx: [
                each for circle in circles.every(tx) for each in read(CircleTransaction(tx, circle.id))
            ]
        )
    finally:
        database.close()
