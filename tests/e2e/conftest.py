"""The whole product on loopback: the real bot behind its real server, Slack and Microsoft at the other end of
real sockets, and a clock that moves only when told to."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import text

from bot.app import Cercle, Chat, words
from bot.chat.messenger import Limit
from bot.chat.platform import Dispatch
from bot.clients.http import GuardedClient
from bot.platforms.playground import world
from bot.platforms.slack.adapter import Slack, SlackSettings
from bot.platforms.teams import rate
from bot.platforms.teams.adapter import Teams
from handlers.team.service import first_code
from scheduler.timetable import TIMETABLE
from storage.engines.connect import connect as connect_database
from storage.notebook import Notebook
from storage.seal import Seal
from storage.transaction import Transaction
from tests.emulators.slack import FakeSlack
from tests.emulators.teams import FakeTeams, Json
from tests.house import Clock
from tests.platforms.slack.blocks import check as check_blocks
from tests.platforms.teams.cards import check as check_card

BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0",
    "Sec-Fetch-Mode": "navigate",
    "Accept": "text/html",
}
CRAWLER = {"User-Agent": "LinkedInBot/1.0 (compatible; Mozilla/5.0)"}
SECRET = "s" * 32
T = TypeVar("T")


@dataclass
class Bot:
    """The bot as it runs, and the ways a test has to push it: nothing moves by itself."""

    cercle: Cercle
    clock: Clock
    site: str
    web: aiohttp.ClientSession
    slack: FakeSlack | None = None
    teams: FakeTeams | None = None

    async def settle(self) -> None:
        """Finish the answers under way, then do all that the clock would do within three seconds: one address
        gets a message a second."""
        await self.answered()
        for job in TIMETABLE:
            await job.run(self.cercle.tools)
        for _ in range(3):
            await self.cercle.pump.drain()
            self.clock.pass_(seconds=1)

    async def later(self, **span: float) -> None:
        self.clock.pass_(**span)
        await self.settle()

    async def answered(self) -> None:
        """What goes on after an acknowledgement is over."""
        for platform in self.cercle.platforms:
            while under_way := platform._tasks if isinstance(platform, Slack) else platform._under_way:  # type: ignore[attr-defined]
                await asyncio.wait(set(under_way))

    async def code(self) -> str:
        """What `cercle serve` prints at its first start."""
        code = await self.cercle.database.transact(partial(first_code, now=self.clock()))
        assert code
        return code

    async def rows(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        return await self.look(lambda tx: [tuple(row) for row in tx.execute(text(query), values)])

    async def look(self, read: Callable[[Transaction], T]) -> T:
        return await self.cercle.database.read(read)

    async def browse(self, url: str, headers: dict[str, str] = BROWSER) -> tuple[int, str]:
        """Status, and the page or where it leads."""
        async with self.web.get(url, headers=headers, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location") or await answer.text()

    async def tracked(self, page: str) -> str:
        """The link that readers follow, off the share page."""
        status, html = await self.browse(page)
        assert status == 200, html
        found = re.search(rf"{re.escape(self.site)}/r/[\w-]{{22}}", html)
        assert found, html
        return found[0]


@dataclass
class Town:
    """Starts bots on an empty database; `bot` is the usual one."""

    database_url: str
    clock: Clock = field(default_factory=Clock)

    @asynccontextmanager
    async def bot(
        self,
        *,
        slack: FakeSlack | None = None,
        teams: FakeTeams | None = None,
        origins: frozenset[str] = frozenset(),
        by_itself: bool = False,
    ) -> AsyncIterator[Bot]:
        """Connected to whom it is given. The sample world stands on its own server."""
        # Bound before the address is told: a port that is only looked up may be taken meanwhile.
        listening = socket.create_server(("127.0.0.1", 0))
        site = f"http://127.0.0.1:{listening.getsockname()[1]}"

        def connect(dispatch: Dispatch, notebook: Notebook) -> Sequence[Chat]:
            chats: list[Chat] = []
            if slack is not None:
                known = SlackSettings(slack.secret, slack.token, slack.api_url)
                chats.append(Slack(known, dispatch, words, notebook))
            if teams is not None:
                chats.append(Teams(teams.settings(), dispatch, words, notebook, self.clock))
            return chats

        cercle = Cercle(
            connect_database(self.database_url, Seal.of_secret(SECRET)),
            site,
            connect=connect,
            client=GuardedClient(allowed_origins=frozenset({site}) | origins),
            secret=SECRET,
            now=self.clock,
        )
        app = cercle.web(by_itself=by_itself)
        app.add_routes(world.routes())
        runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=0.1)
        try:
            await runner.setup()
            await web.SockSite(runner, listening).start()
            async with aiohttp.ClientSession() as session:
                if teams is not None:
                    teams.bot = site
                yield Bot(cercle, self.clock, site, session, slack, teams)
        finally:
            await runner.cleanup()
            listening.close()


class Microsoft(FakeTeams):
    """Refuses the cards and dialogs that Teams would not draw, and keeps the reason; and what comes too
    fast."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, strict=True)
        self.complaints: list[str] = []
        self._seen: set[str] = set()

    def _done(self, request: web.Request, token: str, body: Json) -> web.Response:
        for attachment in body.get("attachments", ()):
            self._checked(attachment["content"])
        return super()._done(request, token, body)

    async def deliver(self, activity: Json, header: str | None = None) -> tuple[int, Any]:
        status, answer = await super().deliver(activity, header)
        value = ((answer or {}).get("task") or {}).get("value")
        if isinstance(value, dict) and "card" in value:
            self._checked(value["card"]["content"])
        return status, answer

    def _checked(self, card: Json) -> None:
        """Once a card: the schema takes 100 ms."""
        drawn = json.dumps(card, sort_keys=True)
        if drawn in self._seen:
            return
        self._seen.add(drawn)
        try:
            check_card(card)
        except AssertionError as error:
            self.complaints.append(str(error))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def town(database_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Town:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    return Town(database_url, clock)


@pytest.fixture
async def slack(clock: Clock) -> AsyncIterator[FakeSlack]:
    """A workspace in which whatever Slack would refuse ends the test, or is refused: by the bot's clock there
    is a message a second in a conversation, and fifty updates a minute."""
    async with FakeSlack(check=check_blocks, clock=lambda: clock().timestamp(), strict=True) as slack:
        slack.add_user("U1", "Camille", locale="fr-FR", tz="Europe/Paris")
        slack.add_user("U2", "Inès", locale="fr-FR", tz="Europe/Paris")
        slack.add_user("U3", "Priya", locale="en-GB", tz="Europe/London")
        slack.add_user("U4", "Hugo", locale="fr-FR", tz="Europe/Paris")
        slack.add_channel("C1")
        yield slack
        assert slack.complaints == []


@pytest.fixture
async def teams(clock: Clock) -> AsyncIterator[Microsoft]:
    fake = Microsoft(clock)
    await fake.start()
    yield fake
    await fake.close()
    assert fake.complaints == []


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture(autouse=True)
def hurried_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """People in tests do in a second what takes others a minute."""
    monkeypatch.setattr(rate, "TENANT", Limit(10_000, burst=10_000))
    monkeypatch.setattr(rate, "CONVERSATION", Limit(10_000, burst=10_000))
