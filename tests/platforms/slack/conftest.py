"""A real server in front, a fake Slack behind; the programme is a list of answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.chat.action import Action
from bot.chat.card import Card, Quote
from bot.chat.event import Event, typed
from bot.chat.platform import Answer, Redraw
from bot.chat.reply import Ask, Reply, Say
from bot.chat.report import Report
from bot.platforms.slack.adapter import Slack, SlackSettings
from tests.emulators.slack import FakeSlack, SlackUser
from tests.platforms.slack.blocks import check

WORDS = {
    "failure.kept": "What you had typed",
    "platform.answered": "The answer is in your messages.",
    "platform.cancel": "Cancel",
    "platform.close": "Close",
    "platform.done": "Done",
    "platform.open": "Open the form",
    "platform.pending": "One moment",
    "platform.replied": "There is an answer",
    "platform.saved": "It is saved.",
    "platform.uncertain": "Nothing is certain yet.",
}


@dataclass(frozen=True)
class Poke(Action, verb="poke"):
    what: str = "x"


class Shelf:
    """A notebook in memory."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}

    async def read(self, key: str) -> dict[str, Any] | None:
        return self.records.get(key)

    async def write(self, key: str, record: dict[str, Any]) -> None:
        self.records[key] = record


@dataclass
class Programme:
    """Hears everything, answers what it was told to. What it is given to keep stands in `kept`, with the
    seconds to wait; with `keeps` off, it keeps nothing."""

    heard: list[Event] = field(default_factory=list)
    told: list[Report] = field(default_factory=list)
    knows: bool = True
    reply: Reply | Callable[[Event], Reply | Awaitable[Reply]] = None
    redraw: Redraw | None = None
    home: Card | None = None
    kept: list[tuple[Reply, float]] = field(default_factory=list)
    keeps: bool = True

    async def __call__(self, event: Event) -> Answer:
        self.heard.append(event)
        reply = self.reply(event) if callable(self.reply) else self.reply
        answer = Answer(await reply if isinstance(reply, Awaitable) else reply, "en")
        return replace(answer, redraw=self.redraw, home=self.home)

    async def keep(self, event: Event, answer: Answer, *, wait: float = 0.0) -> bool:
        if self.keeps:
            self.kept.append((answer.reply, wait))
        return self.keeps

    async def put_off(self, event: Event, answer: Answer) -> Answer:
        assert isinstance(answer.reply, Ask)
        later = Card(f"{answer.reply.form.title}, later", tuple(map(Quote, typed(event))))
        return Answer(Say(later), answer.language)

    async def report(self, report: Report) -> bool:
        self.told.append(report)
        return self.knows


@dataclass
class Bench:
    slack: FakeSlack
    platform: Slack
    programme: Programme
    shelf: Shelf
    url: str
    session: aiohttp.ClientSession

    def user(self, id: str = "U1") -> SlackUser:
        return SlackUser(self.slack, id, self.url, self.session)

    async def settle(self) -> None:
        """Wait for what goes on after the answers."""
        while self.platform._tasks:
            await asyncio.wait(self.platform._tasks)


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    programme, shelf = Programme(), Shelf()
    async with FakeSlack(check=check) as slack, aiohttp.ClientSession() as session:
        slack.add_user("U1", "Ada", locale="fr-FR", tz="Europe/Paris")
        slack.add_user("U2", "Grace")
        slack.add_channel("C1")
        slack.add_channel("C2", joined=False)
        settings = SlackSettings(slack.secret, slack.token, slack.api_url)
        platform = Slack(settings, programme, lambda language, key: WORDS[key], shelf)
        await platform.start()
        app = web.Application()
        app.add_routes(platform.routes())
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
        yield Bench(slack, platform, programme, shelf, url, session)
        await runner.cleanup()
        await platform.close()
        assert slack.complaints == []
