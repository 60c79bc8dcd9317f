"""The composition root: the only file that knows everything."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

import structlog
from aiohttp import web

from bot import web as pages
from bot.chat.platform import Dispatch, Platform
from bot.chat.router import Verb, join
from bot.clients.errors import Unreadable
from bot.clients.http import GuardedClient
from bot.clients.preview import preview
from bot.dispatch import Dispatcher
from bot.domain.post import Found
from bot.locales import Translator, language_of
from bot.meters import Meters
from bot.replies import Replies
from bot.settings import Settings
from bot.web.acks import Acks
from handlers import FEATURES
from scheduler import recurring
from scheduler.engine import engine
from scheduler.pump import PressedCards, Pump
from scheduler.timetable import RECURRING, Tools
from storage import ballots
from storage.engines.connect import connect as connect_database
from storage.engines.database import Database
from storage.notebook import Notebook
from storage.seal import Seal

log = structlog.get_logger()

ROUTER = join(feature.router for feature in FEATURES)
VERBS: tuple[Verb, ...] = tuple(ROUTER.heard())
DRAWINGS = tuple(notice for feature in FEATURES for notice in feature.notices)
DOCUMENTS = tuple(document for feature in FEATURES for document in feature.documents)
Clock = Callable[[], datetime]

DRAIN = 4.0
"""Seconds at the end for the requests and the sends under way. What has no outcome by then stays claimed, and
is taken up when its lease ends."""
CLOSE = 3.5
"""Seconds at the end for a platform to finish the answers that go on after an acknowledgement."""


class Chat(Platform, Protocol):
    """A platform that is reached over HTTP."""

    def routes(self) -> Sequence[web.AbstractRouteDef]: ...


def utc_now() -> datetime:
    return datetime.now(UTC)


def words(language: str, key: str) -> str:
    """The platforms' own few words."""
    return Translator(language_of(language))(key)


TIDY = (20_000, 20, 50)
"""When Python looks for what only holds itself: hardly anything we make does. With its own figures a card to
one of 3,000 cost a quarter more (SQLite)."""


class Cercle:
    """The whole bot in one process: `start` opens everything in order, `stop` closes it in reverse."""

    def __init__(
        self,
        database: Database,
        site: str,
        *,
        connect: Callable[[Dispatch, Notebook], Sequence[Chat]],
        client: GuardedClient,
        secret: str,
        now: Clock = utc_now,
        trusted_proxy: bool = False,
        metrics_token: str = "",
    ) -> None:
        """`connect` makes the platforms; `site` is the address of our own pages, without a slash; `secret`
        is CERCLE_SECRET_KEY."""
        self.database = database
        self.meters = Meters()
        self._client = client
        replies = Replies(ROUTER)
        self.drawings = (*DRAWINGS, replies.notice)
        pressed = PressedCards(database, self.drawings, site, now, self.meters)
        self.dispatch = Dispatcher(database, ROUTER, site, now, replies, pressed=pressed)
        self.platforms = connect(self.dispatch, Notebook(database))
        self.pump = Pump(database, self.platforms, self.drawings, site, now, self.meters)
        self.tools = Tools(database, partial(read_page, client), now)
        self._engine = engine(self.tools, self.ring)
        database.ring = self.ring
        self._pumping: asyncio.Task[None] | None = None
        self._operations = pages.operations(database, self.meters, now, metrics_token)
        self._pages = pages.routes(database, site, now, DOCUMENTS, secret=secret, trusted_proxy=trusted_proxy)
        self._acks = Acks(self.meters, _doors(self.platforms))

    def ring(self) -> None:
        """Something may be due."""
        self.pump.notify()

    def routes(self) -> list[web.AbstractRouteDef]:
        chats = (route for platform in self.platforms for route in platform.routes())
        return [*self._operations, *self._pages, *chats]

    async def start(self, *, by_itself: bool = True) -> None:
        """Ready for events; the pump and the clock run unless somebody else drives them."""
        gc.set_threshold(*TIDY)
        self.database.open()
        await recurring.begin(self.database, RECURRING, self.tools.now())
        await self._check_secret()
        for platform in self.platforms:
            await platform.start()
        if by_itself:
            self._pumping = asyncio.create_task(self.pump.run())
            self._engine.start()

    async def _check_secret(self) -> None:
        """Answers that were sealed under another secret key can still be saved now."""
        if lost := await self.database.read(ballots.unreadable):
            log.error("secret_key.changed", questions=lost, mend="put the former CERCLE_SECRET_KEY back")

    async def hush(self) -> None:
        """Take nothing new, finish what was begun, within DRAIN and CLOSE; streams that would never end are
        ended."""
        await _within(DRAIN, asyncio.gather(self._acks.quiet(), self._wind_down()), "sends")
        closing = (_within(CLOSE, platform.close(), platform.name) for platform in self.platforms)
        await asyncio.gather(*closing)

    async def _wind_down(self) -> None:
        if self._pumping is not None:
            self.pump.stop()
            await asyncio.gather(self._engine.stop(), self._pumping)

    async def stop(self) -> None:
        """Let go, once every request has been answered."""
        await self._client.close()
        await asyncio.to_thread(self.database.close)

    def web(self, *, by_itself: bool = True, doors: bool = True) -> web.Application:
        """The one web application; starting and stopping it starts and stops the bot. Without `doors` it lets
        nobody in, and only tells how it is."""
        app = web.Application(client_max_size=1 << 20, middlewares=[self._acks.middleware()])
        app.add_routes(self.routes() if doors else self._operations)
        app.on_startup.append(lambda _: self.start(by_itself=by_itself))
        app.on_shutdown.append(lambda _: self.hush())
        app.on_cleanup.append(lambda _: self.stop())
        return app


async def _within(seconds: float, work: Awaitable[object], what: str) -> None:
    try:
        async with asyncio.timeout(seconds):
            await work
    except TimeoutError:
        log.warning("stopping.unfinished", what=what, seconds=seconds)


def _doors(platforms: Sequence[Chat]) -> dict[str, str]:
    """Where each platform posts to."""
    return {
        route.path: platform.name
        for platform in platforms
        for route in platform.routes()
        if isinstance(route, web.RouteDef) and route.method == "POST"
    }


async def read_page(client: GuardedClient, url: str) -> Found | str:
    """handlers.posts.jobs.ReadPage over the only door out."""
    try:
        page = await preview(client, url)
    except Unreadable as error:
        log.info("page.unreadable", reason=error.reason, detail=str(error))
        return error.reason
    words = page.url, page.title, page.description
    return Found(*words, page.image_url, page.image_alt, page.site_name, page.unshown)


def connect(settings: Settings, now: Clock, dispatch: Dispatch, notebook: Notebook) -> list[Chat]:
    """The chats that the environment names. Each SDK is imported only where it is used."""
    chats: list[Chat] = []
    if settings.slack:
        chats.append(_slack(settings, dispatch, notebook))
    if settings.teams:
        chats.append(_teams(settings, dispatch, notebook, now))
    return chats


def _slack(settings: Settings, dispatch: Dispatch, notebook: Notebook) -> Chat:
    from bot.platforms.slack.adapter import Slack, SlackSettings

    return Slack(
        SlackSettings(
            settings.slack_signing_secret.get_secret_value(),
            settings.slack_bot_token.get_secret_value(),
            settings.slack_api_url,
        ),
        dispatch,
        words,
        notebook,
    )


def _teams(settings: Settings, dispatch: Dispatch, notebook: Notebook, now: Clock) -> Chat:
    from bot.platforms.teams.adapter import Teams
    from bot.platforms.teams.glue import TeamsSettings

    known = TeamsSettings(
        settings.microsoft_app_id,
        settings.microsoft_app_password.get_secret_value(),
        settings.microsoft_app_tenant_id,
        anonymous=settings.cercle_dev_teams_anonymous,
        **_given(
            openid_url=settings.microsoft_openid_url,
            login_url=settings.microsoft_login_url,
            service_hosts=tuple(settings.microsoft_service_hosts.replace(",", " ").split()),
        ),
    )
    return Teams(known, dispatch, words, notebook, now)


def _given(**values: Any) -> dict[str, Any]:
    """Only what the environment names; the rest keeps its defaults."""
    return {name: value for name, value in values.items() if value}


def from_settings(settings: Settings, now: Clock = utc_now) -> Cercle:
    """The bot as `cercle serve` runs it: never with the playground."""
    secret = settings.cercle_secret_key.get_secret_value()
    return Cercle(
        connect_database(settings.cercle_database_url, Seal.of_secret(secret)),
        settings.cercle_base_url,
        connect=partial(connect, settings, now),
        client=GuardedClient(),
        secret=secret,
        now=now,
        trusted_proxy=settings.cercle_trusted_proxy,
        metrics_token=settings.cercle_metrics_token.get_secret_value(),
    )
