"""The adapter on a real socket, Microsoft's side on another, and a script where the app's dispatch stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from bot.chat.event import Event
from bot.chat.messenger import Limit
from bot.chat.platform import Answer
from bot.chat.reply import Reply
from bot.chat.report import Report
from bot.platforms.teams import rate
from bot.platforms.teams.adapter import Teams
from bot.platforms.teams.glue import TeamsSettings
from tests.emulators.teams import FakeTeams, TeamsUser


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Script:
    """Answers what the test says, which `takes` some seconds, and keeps what it heard, and what it was given
    to keep, with the seconds to wait."""

    reply: Reply = None
    events: list[Event] = field(default_factory=list)
    kept: list[tuple[Event, Reply]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    takes: float = 0.0
    reports: list[Report] = field(default_factory=list)
    away: bool = False

    async def __call__(self, event: Event) -> Answer:
        self.events.append(event)
        await asyncio.sleep(self.takes)
        return Answer(self.reply, "fr")

    async def keep(self, event: Event, answer: Answer, *, wait: float = 0.0) -> bool:
        self.kept.append((event, answer.reply))
        self.waits.append(wait)
        return answer.reply is not None and not self.away

    async def report(self, report: Report) -> bool:
        if self.away:
            raise ConnectionError("the database is away")
        self.reports.append(report)
        return True

    async def put_off(self, event: Event, answer: Answer) -> Answer:
        raise AssertionError("Teams opens every form as a dialog or as a card")


@dataclass
class Pages:
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    reads: int = 0
    writes: int = 0

    async def read(self, key: str) -> dict[str, Any] | None:
        self.reads += 1
        return self.records.get(key)

    async def write(self, key: str, record: dict[str, Any]) -> None:
        self.writes += 1
        self.records[key] = record


@dataclass
class House:
    """Everything on loopback."""

    fake: FakeTeams
    clock: Clock
    teams: Teams
    script: Script
    pages: Pages

    def user(self, name: str = "Ada", number: int = 1, zone: str = "Europe/Paris") -> TeamsUser:
        return TeamsUser(self.fake, name, f"{number:08d}-cccc-4ccc-8ccc-000000000001", zone=zone)

    async def member(self, name: str = "Ada", number: int = 1) -> TeamsUser:
        """Somebody who added the app; what was heard of it is forgotten."""
        user = self.user(name, number)
        await user.installs()
        self.script.events.clear()
        return user


def spoken(language: str, key: str) -> str:
    return f"{key} ({language})"


@asynccontextmanager
async def microsoft() -> AsyncIterator[FakeTeams]:
    teams = FakeTeams(Clock())
    await teams.start()
    yield teams
    await teams.close()


@asynccontextmanager
async def connected(fake: FakeTeams, settings: TeamsSettings) -> AsyncIterator[House]:
    script, pages = Script(), Pages()
    assert isinstance(fake.now, Clock)
    teams = Teams(settings, script, spoken, pages, fake.now)
    app = web.Application()
    app.add_routes(teams.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.bot = "http://{}:{}".format(*runner.addresses[0][:2])
    await teams.start()
    yield House(fake, fake.now, teams, script, pages)
    await runner.cleanup()
    await teams.close()


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeTeams]:
    async with microsoft() as teams:
        yield teams


@pytest.fixture
def settings(fake: FakeTeams) -> TeamsSettings:
    return fake.settings()


@pytest_asyncio.fixture
async def house(fake: FakeTeams, settings: TeamsSettings) -> AsyncIterator[House]:
    async with connected(fake, settings) as house:
        yield house


@pytest.fixture(autouse=True)
def hurried_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """People in tests do in a second what takes others a minute."""
    monkeypatch.setattr(rate, "TENANT", Limit(10_000, burst=10_000))
    monkeypatch.setattr(rate, "CONVERSATION", Limit(10_000, burst=10_000))
