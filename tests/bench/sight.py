"""From a press to what the person sees of it: a hundred members press within half a minute, on their own
card, on a card in a channel and on their Home, in a Slack that enforces its own limits. Ours is the real
server, with its pump; people and Slack are in this process, so that one clock times both ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from functools import partial
from pathlib import Path

import aiohttp
from sqlalchemy import update

import storage.people
from bot.app import Cercle
from bot.chat.action import pack, verb_of
from bot.chat.event import Click, Command, HomeOpened, Submission
from bot.chat.form import Answers
from bot.chat.reply import Ask, Home
from bot.domain.member import Preferences
from bot.platforms.slack import render
from handlers.actions import OpenPoll, Resume
from handlers.membership.service import found_circle
from handlers.polls.cards import ShowMyVote, Vote
from storage import tables
from storage.transaction import Transaction
from tests.bench import contest, people, servers, world
from tests.bench.figures import Better, Figure, Step
from tests.emulators.slack import Ack, FakeSlack, Message, SlackUser, pressable

GOAL = 2.0
"""Seconds in which people see the effect of their own press."""
PATIENCE = 60.0
LOOK_EVERY = 0.005
MINE, SHARED, OPTIONS = "Shall we meet on Thursdays?", "And on Fridays?", ("Yes", "No", "Every second one")
ALWAYS = Preferences(
    networks=("linkedin",), days=frozenset(range(7)), day_start=clock_time(0), day_end=clock_time(23, 59)
)
"""The bench may run on a Sunday night."""
PLACES = ("their own card", "a card in a channel", "their Home")


@dataclass(frozen=True)
class Plan:
    """So many `members` press once in each place within so many `seconds`."""

    members: int = 100
    seconds: float = 30.0

    @property
    def steps(self) -> int:
        return 2

    def measure(self, folder: Path, step: Step) -> list[Figure]:
        (folder / "sight").mkdir()
        sights = asyncio.run(_measured(folder / "sight", self, step))
        crowd = f"{self.members} in {self.seconds:g} s"
        names = ("press_to_sight", "press_to_sight_channel", "press_to_sight_home")
        return [
            Figure(
                name,
                f"p99 from a press on {place} to its sight, {crowd}, to its limit",
                "s",
                p99(sights.took[place]),
                GOAL,
                Better.LOWER,
                1,
            )
            for name, place in zip(names, PLACES, strict=True)
        ]


@dataclass
class Sights:
    """Seconds of each press, by where it was made."""

    took: dict[str, list[float]] = field(default_factory=lambda: {place: [] for place in PLACES})

    async def time(self, place: str, press: Callable[[], Awaitable[Ack]], seen: Callable[[], object]) -> None:
        began = time.perf_counter()
        ack = await press()
        assert ack.status == 200, ack
        while not seen():
            assert time.perf_counter() - began < PATIENCE, f"nothing is seen of a press on {place}"
            await asyncio.sleep(LOOK_EVERY)
        self.took[place].append(time.perf_counter() - began)


def p99(seconds: list[float]) -> float:
    ranked = sorted(seconds)
    return ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)]


async def _measured(folder: Path, plan: Plan, step: Step) -> Sights:
    users = people.members(plan.members)
    sights = Sights()
    async with FakeSlack() as slack:
        for user in (people.LEAD, *users):
            slack.add_user(user, user.title(), locale=people.LOCALE, tz=people.ZONE)
        slack.add_channel(people.CHANNEL)
        environ = servers.environment(**_told(slack), **contest.own(folder))
        step(f"a circle of {plan.members}, a poll before each and one in a channel")
        await _fill(slack, environ, users)
        slack.strict = True
        port = servers.free_port()
        step("they press")
        serving = contest.serve(folder, environ, port)
        await asyncio.to_thread(serving.__enter__)
        try:
            async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
                url = f"http://127.0.0.1:{port}/slack/events"
                for number, user in enumerate(users):
                    member = Member(slack, SlackUser(slack, user, url, session), number)
                    at = number * plan.seconds / plan.members
                    for place, press in zip(PLACES, (member.own, member.channel, member.home), strict=True):
                        group.create_task(_later(at, partial(press, partial(sights.time, place))))
        finally:
            await asyncio.to_thread(serving.__exit__, None, None, None)
    return sights


async def _later(seconds: float, act: Callable[[], Awaitable[None]]) -> None:
    await asyncio.sleep(seconds)
    await act()


Time = Callable[[Callable[[], Awaitable[Ack]], Callable[[], object]], Awaitable[None]]


@dataclass(frozen=True)
class Member:
    slack: FakeSlack
    user: SlackUser
    number: int

    async def own(self, timed: Time) -> None:
        card = next(m for m in reversed(self.slack.seen(self.user.id)) if MINE in m.words())
        await timed(partial(self._vote, card), partial(card.offers, ShowMyVote))

    async def channel(self, timed: Time) -> None:
        there = self.slack.messages[people.CHANNEL]
        card = next(m for m in there if not m.to)
        await timed(partial(self._vote, card), lambda: any(m.to == self.user.id for m in there))

    async def home(self, timed: Time) -> None:
        before = self.slack.homes[self.user.id]
        await timed(
            partial(self.user.click, Resume(), before),
            lambda: self.slack.homes[self.user.id] is not before,
        )

    async def _vote(self, card: Message) -> Ack:
        """Neighbours choose different options."""
        values = [element.get("value", "") for element, _ in pressable(card.blocks)]
        options = [value.partition("/")[2] for value in values if verb_of(value) == "vote"]
        return await self.user.click(Vote, card, option=options[self.number % len(options)])


# The circle


def _told(slack: FakeSlack) -> dict[str, str]:
    return {
        "SLACK_SIGNING_SECRET": slack.secret,
        "SLACK_BOT_TOKEN": slack.token,
        "SLACK_API_URL": slack.api_url,
    }


async def _fill(slack: FakeSlack, environ: dict[str, str], users: list[str]) -> None:
    """Everybody is paused, which their Home says, and a press there ends."""
    clock = world.Clock(datetime.now(UTC) - world.BEFORE)
    async with world.bot(environ, clock) as cercle:
        await cercle.database.transact(partial(_gather, users=users, now=clock()))
        asks = world.sender(users[0])
        labels = " ".join(f'"{label}"' for label in OPTIONS)
        place = f"slack:{people.WORKSPACE}:{people.CHANNEL}"
        await world.hear(cercle, Command("shared", asks, f'poll "{SHARED}" {labels}', place))
        await _ask_everybody(cercle, users[0])
        for _ in range(len(users)):
            await cercle.pump.drain()
            clock.at += timedelta(seconds=1)
        await cercle.database.transact(partial(_pause, until=clock() + timedelta(days=3)))
        for user in users:
            opened = await cercle.dispatch(HomeOpened(user, world.sender(user)))
            assert isinstance(opened.reply, Home), opened
            slack.publish_view({"user_id": user, "view": render.home(opened.reply.card)})


async def _ask_everybody(cercle: Cercle, user: str) -> None:
    asks = world.sender(user)
    opened = (await cercle.dispatch(Click("open", asks, pack(OpenPoll())))).reply
    assert isinstance(opened, Ask)
    kept = {part.name: part.value for part in opened.form.parts if hasattr(part, "name")}
    given = {"question": MINE, "options": "\n".join(OPTIONS), "where": "members"}
    answers = Answers({**kept, **given})
    await world.hear(cercle, Submission("mine", asks, pack(opened.form.action), answers))


def _gather(tx: Transaction, *, users: list[str], now: datetime) -> None:
    found_circle(tx, "slack", people.WORKSPACE, "en", people.ZONE, now)
    for user in users:
        storage.people.add(tx, "slack", people.WORKSPACE, user, name=user.title(), zone=people.ZONE)
        found = storage.people.find(tx, "slack", people.WORKSPACE, user)
        assert found
        storage.people.join(tx, found[1], ALWAYS, 1, now)


def _pause(tx: Transaction, *, until: datetime) -> None:
    tx.execute(update(tables.member).values(paused_until=until))
