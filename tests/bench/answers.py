"""Answers through a platform that fails in three of ten calls. None is lost. One stands there twice only if
the platform's own answer to the call that showed it was lost."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Protocol
from unittest import mock

from sqlalchemy import func, select

from bot.app import ROUTER
from bot.chat.action import Action
from bot.chat.card import Button, Card, FormButton, buttons
from bot.chat.event import Click, Command, Submission
from bot.chat.form import Form, Note, TextInput
from bot.chat.messenger import Limit
from bot.chat.reply import Ask, Reply, Say
from bot.chat.router import Router
from bot.context import Context
from bot.domain.message import REPLY, State
from bot.platforms.slack import render as slack_render
from bot.platforms.teams import adapter as teams_adapter
from bot.platforms.teams import rate
from bot.platforms.teams import render as teams_render
from storage import tables
from tests import databases
from tests.bench.figures import LABELS, Better, Figure, Step
from tests.bench.ours import database
from tests.e2e.conftest import Bot, Town
from tests.emulators.slack import Ack, FakeSlack, Faults, Kind, SlackUser, signed
from tests.emulators.slack import Message as SlackMessage
from tests.emulators.teams import CHANNEL, FakeTeams, TeamsUser, Weather
from tests.house import Clock

FAILING = 0.3
"""Of the calls of a platform."""
PEOPLE = 20
HALF_MINUTES = 2 * 60 * 24
"""A day, after which no answer waits any more."""


# A feature each of whose answers has a word of its own


@dataclass(frozen=True)
class Echo(Action, verb="bench.echo"):
    word: str


@dataclass(frozen=True)
class OpenEcho(Action, verb="bench.open"):
    word: str


@dataclass(frozen=True)
class SendEcho(Action, verb="bench.send"):
    word: str


def _form(_: Context, action: SendEcho) -> Form:
    about = f"Form {action.word}."
    return Form(action, about, (Note((about,)), TextInput("more", "More")), "Send")


def _heard(word: str) -> Reply:
    return Say(Card(f"Heard {word}."))


def echo() -> Router[Context]:
    router: Router[Context] = Router()

    @router.command("bench")
    def said(ctx: Context, event: Command, rest: str) -> Reply:
        return _heard(rest)

    @router.click(Echo)
    def pressed(ctx: Context, event: Click, action: Echo) -> Reply:
        return _heard(action.word)

    @router.click(OpenEcho)
    def opened(ctx: Context, event: Click, action: OpenEcho) -> Reply:
        return Ask(_form(ctx, SendEcho(action.word)))

    @router.submission(SendEcho, _form)
    def sent(ctx: Context, event: Submission, action: SendEcho) -> Reply:
        return _heard(_sent(action.word))

    return router


def _sent(word: str) -> str:
    return f"{word}-sent"


@contextmanager
def echoing() -> Iterator[None]:
    """The product, with that feature."""
    router = echo()
    with ExitStack() as stack:
        for all_of_them, ours in (
            (ROUTER.verbs, router.verbs),
            (ROUTER.clicks, router.clicks),
            (ROUTER.submissions, router.submissions),
        ):
            stack.enter_context(mock.patch.dict(all_of_them, ours))  # type: ignore[arg-type]
        yield


# What became of the answers


@dataclass
class Tally:
    """`twice`: answers that stand there more than once; `unexplained`: those of them that each call which
    showed them was answered for."""

    asked: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)

    @property
    def right(self) -> int:
        return self.asked - len(self.lost) - len(self.unexplained)

    def note(self, word: str, unanswered: list[bool]) -> None:
        """`unanswered`: for each time that the answer stands there, whether nobody was told of it."""
        self.asked += 1
        if not unanswered:
            self.lost.append(word)
        if len(unanswered) > 1:
            self.twice.append(word)
        if len(unanswered) - 1 > sum(unanswered):
            self.unexplained.append(word)

    def __str__(self) -> str:
        return (
            f"{self.asked} asked, {len(self.lost)} lost, {len(self.twice)} twice, "
            f"{len(self.unexplained)} of these without a lost answer"
        )


class Chat(Protocol):
    """A platform, and people in it, by number. An answer is known by its word."""

    bot: Bot

    async def types(self, who: int, word: str, *, channel: bool) -> None: ...

    async def presses(self, who: int, word: str, *, channel: bool) -> None: ...

    async def opens(self, who: int, word: str) -> bool:
        """Open a form; tell whether it opened at once."""

    async def sends(self, who: int, word: str) -> None:
        """Send the open form."""

    def unanswered(self, who: int, word: str) -> list[bool]:
        """For each time that the person reads the answer, whether the platform did not say that it stands
        there."""


def _offer(word: str, *, form: bool = False) -> Card:
    button = FormButton("Open", OpenEcho(word)) if form else Button("Press", Echo(word))
    return Card("Press", (buttons(button),))


class SlackPerson(SlackUser):
    """Slack signs by the clock on the wall, whatever the clock of the circle shows."""

    async def post(self, body: str, kind: str = "application/x-www-form-urlencoded") -> Ack:
        self.sent.append((body, {"Content-Type": kind, **signed(self.slack.secret, body, time.time())}))
        return await self.again()


class OnSlack:
    def __init__(self, bot: Bot, slack: FakeSlack) -> None:
        self.bot = bot
        self.slack = slack
        url = f"{bot.site}/slack/events"
        self.people = [SlackPerson(slack, f"U{number}", url, bot.web) for number in range(PEOPLE)]
        self.opened: dict[str, str] = {}

    async def types(self, who: int, word: str, *, channel: bool) -> None:
        await self.people[who].command(f"bench {word}", "C1" if channel else "")

    async def presses(self, who: int, word: str, *, channel: bool) -> None:
        place = "C1" if channel else self.slack.dm(f"U{who}")
        await self.people[who].click(Echo, self._hangs(place, _offer(word)))

    async def opens(self, who: int, word: str) -> bool:
        person = self.people[who]
        await person.close_modal()
        await person.click(OpenEcho, self._hangs(self.slack.dm(person.id), _offer(word, form=True)))
        modal = self.slack.modals.get(person.id)
        if modal is not None:
            self.opened[word] = modal["id"]
        return modal is not None

    async def sends(self, who: int, word: str) -> None:
        await self.people[who].submit({"more": "more"})

    def unanswered(self, who: int, word: str) -> list[bool]:
        seen = [m for m in self.slack.all_messages() if f"U{who}" in self.slack.readers(m)]
        shown = [m.reference for m in seen if f" {word}." in m.words()]
        shown += [self.opened[word]] if word in self.opened else []
        return [one in self.slack.unanswered for one in shown]

    def _hangs(self, channel: str, card: Card) -> SlackMessage:
        return self.slack._store(channel, slack_render.message(card))


@asynccontextmanager
async def on_slack(url: str, seed: int) -> AsyncIterator[Chat]:
    kinds = (Kind.THROTTLE, Kind.ERROR, Kind.RESET, Kind.CUT, Kind.TRUNCATE)
    clock, faults = Clock(), Faults(dict.fromkeys(kinds, FAILING / len(kinds)), seed)
    async with FakeSlack(faults=faults, clock=lambda: clock().timestamp()) as slack:
        for number in range(PEOPLE):
            slack.add_user(f"U{number}", f"Person {number}")
        slack.add_channel("C1")
        async with Town(url, clock).bot(slack=slack) as bot:
            yield OnSlack(bot, slack)


class OnTeams:
    def __init__(self, bot: Bot, teams: FakeTeams) -> None:
        self.bot = bot
        self.teams = teams
        self.people = [
            TeamsUser(teams, f"Person {n}", f"{n:08d}-cccc-4ccc-8ccc-000000000001") for n in range(PEOPLE)
        ]

    async def types(self, who: int, word: str, *, channel: bool) -> None:
        person = self.people[who]
        await (person.says_in_channel if channel else person.says)(f"bench {word}")

    async def presses(self, who: int, word: str, *, channel: bool) -> None:
        place = CHANNEL if channel else f"a:{self.people[who].aad}"
        self.teams.shows(place, teams_render.card(_offer(word), shared=channel))
        await self.people[who].presses(Echo, word=word)

    async def opens(self, who: int, word: str) -> bool:
        person = self.people[who]
        self.teams.shows(f"a:{person.aad}", teams_render.card(_offer(word, form=True)))
        await person.presses(OpenEcho, word=word)
        return bool(person.dialog)

    async def sends(self, who: int, word: str) -> None:
        await self.people[who].submits(more="more")

    def unanswered(self, who: int, word: str) -> list[bool]:
        read = self.people[who].reads()
        answers = [m.id for m in read if f" {word}." in json.dumps(m.activity)]
        return [id in self.teams.unanswered for id in answers]


@asynccontextmanager
async def on_teams(url: str, seed: int) -> AsyncIterator[Chat]:
    clock, freely = Clock(), Limit(10_000, burst=10_000)
    teams = FakeTeams(clock)
    await teams.start()
    with (
        mock.patch.object(rate, "TENANT", freely),
        mock.patch.object(rate, "CONVERSATION", freely),
        mock.patch.object(teams_adapter, "CLEARING", (0.0, 0.01, 0.01)),
    ):
        async with Town(url, clock).bot(teams=teams) as bot:
            chat = OnTeams(bot, teams)
            for person in chat.people:
                person.enters(CHANNEL)
                await person.installs()
            await bot.settle()
            kinds = ("throttle", "error", "reset", "cut", "failed afterwards")
            teams.weather = Weather(dict.fromkeys(kinds, FAILING / len(kinds)), seed)
            yield chat
    await teams.close()


CHATS = {"slack": on_slack, "teams": on_teams}


async def trial(url: str, chat: str, answers: int, seed: int = 1) -> Tally:
    """Have people ask for so many answers in turn, in every way, then let a day pass."""
    tally = Tally()
    async with CHATS[chat](url, seed) as there:
        asked: list[tuple[int, str]] = []
        ways = cycle(
            (
                lambda who, word: there.types(who, word, channel=False),
                lambda who, word: there.types(who, word, channel=True),
                lambda who, word: there.presses(who, word, channel=False),
                lambda who, word: there.presses(who, word, channel=True),
                None,
            )
        )
        for number, way in enumerate(ways):
            if len(asked) >= answers:
                break
            who, word = number % PEOPLE, f"w{number}"
            asked.append((who, word))
            if way is not None:
                await way(who, word)
            elif await there.opens(who, word) and len(asked) < answers:
                asked.append((who, _sent(word)))
                await there.sends(who, word)
        await _settle(there.bot)
        for who, word in asked:
            tally.note(word, there.unanswered(who, word))
    return tally


async def _settle(bot: Bot) -> None:
    """Let time pass until no answer waits."""
    m = tables.message.c
    waiting = (State.WAITING, State.SENDING, State.AMBIGUOUS)
    left = select(func.count()).where(m.kind == REPLY.name, m.state.in_(waiting))
    await bot.answered()
    for _ in range(HALF_MINUTES):
        await bot.cercle.pump.drain()
        if not await bot.look(lambda tx: tx.execute(left).scalar_one()):
            return
        bot.clock.pass_(seconds=30)


@dataclass(frozen=True)
class Plan:
    """So many answers in each chat, on each kind of database."""

    answers: int = 1000
    backends: tuple[str, ...] = databases.BACKENDS

    @property
    def steps(self) -> int:
        return len(CHATS) * len(self.backends)

    def measure(self, folder: Path, step: Step) -> list[Figure]:
        tallies = [self._tally(folder, backend, chat, step) for backend in self.backends for chat in CHATS]
        right, asked = sum(tally.right for tally in tallies), sum(tally.asked for tally in tallies)
        what = "answers as they should be, to those asked for, while 30 % of calls fail"
        return [Figure("answers", what, "", right, asked, Better.HIGHER, 1)]

    def _tally(self, folder: Path, backend: str, chat: str, step: Step) -> Tally:
        step(f"{self.answers:,} answers in {chat}, {LABELS[backend]}")
        with database(folder / f"answers-{chat}-{backend}", backend) as url, echoing():
            tally = asyncio.run(trial(url, chat, self.answers))
        print(f"answers in {chat}, {LABELS[backend]}: {tally}")
        return tally
