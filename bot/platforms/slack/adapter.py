"""Slack: HTTP in, events through, replies out."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.event import Command, Event, Said, Sender
from bot.chat.messenger import Messenger, MessengerError, NotConnected, Notebook, Unavailable
from bot.chat.platform import Dispatch, Words
from bot.chat.report import AccountChanged, ChannelJoined, Connected, Disconnected, Report
from bot.platforms.slack import parse
from bot.platforms.slack.calls import call
from bot.platforms.slack.guard import Guard
from bot.platforms.slack.messenger import PACE, SlackMessenger
from bot.platforms.slack.parse import Profile
from bot.platforms.slack.profiles import Profiles
from bot.platforms.slack.replies import Body, Exchange, Replies
from bot.platforms.slack.surface import PATH

log = logging.getLogger(__name__)

PATIENCE = 2.0
"""Seconds until somebody is told that nothing is certain yet. Slack gives 3 for its answer, from its own end
of the wire, and telling may take a call."""

DRAIN = 3.0
"""Seconds that close() waits for what was begun."""

GREET_WITHIN = 2.0
GREET_AGAIN = 30.0
"""Seconds for the first auth.test, and until the next one after one that failed."""
LOOK_AGAIN = 300.0
"""Seconds between two that work."""

SOCKETS = 500
"""At once: more than the pump has under way in a workspace. A call that waits for a socket is a claim that
was looked at too early."""

MALFORMED = (LookupError, TypeError, AttributeError, ValueError, RecursionError)
ANY = re.compile("")


@dataclass(frozen=True)
class SlackSettings:
    signing_secret: str
    bot_token: str
    api_url: str = "https://slack.com/api/"

    def __repr__(self) -> str:
        return f"SlackSettings(api_url={self.api_url!r})"


class Slack:
    """The platform for one token: of a workspace, or of a whole organisation."""

    def __init__(self, settings: SlackSettings, dispatch: Dispatch, words: Words, notebook: Notebook) -> None:
        self.name = parse.PLATFORM
        self.pace = PACE
        self._settings = settings
        self._dispatch = dispatch
        self._client = _client(settings.api_url, settings.bot_token)
        self._guard = Guard(settings.signing_secret)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._watching: asyncio.Task[None] | None = None
        self._greeted = asyncio.Event()
        self._home = ""
        messenger = SlackMessenger(self._client, notebook)
        self.messenger: Messenger = messenger
        self._profiles = Profiles(self._client, self._begin)
        self._replies = Replies(self._client, messenger, dispatch, words, self._begin)
        self._bolt = _bolt(settings, self._hear)

    def routes(self) -> list[web.RouteDef]:
        return [web.post(PATH, self._receive)]

    async def start(self) -> None:
        """A shared connection, and one look at the token; Slack being away keeps nobody from starting."""
        self._client.session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=10, sock_connect=3),
            connector=aiohttp.TCPConnector(limit=SOCKETS),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._watching = asyncio.create_task(self._watch())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._greeted.wait(), GREET_WITHIN)

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + DRAIN
        while self._tasks and loop.time() < end:
            await asyncio.wait(self._tasks, timeout=end - loop.time())
        left = [*self._tasks, *filter(None, [self._watching])]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if self._client.session is not None:
            await self._client.session.close()

    async def _watch(self) -> None:
        """Learn which workspace the token speaks for, and whether Slack still accepts it: an event that says
        it does not may be lost."""
        while True:
            wait = await self._greet()
            self._greeted.set()
            await asyncio.sleep(wait)

    async def _greet(self) -> float:
        """Look once. Return in how many seconds to look again."""
        try:
            who = await call(self._client.auth_test(), Unavailable)
        except NotConnected as error:
            log.error("Slack does not accept the bot token: %s", error)
            await self._tell(Disconnected("", self.name, self._home))
        except MessengerError as error:
            log.error("Slack does not answer: %s", error)
        else:
            self._home = "" if who.get("is_enterprise_install") else who.get("team_id", "")
            await self._tell(Connected("", self.name, self._home))
            return LOOK_AGAIN
        return GREET_AGAIN

    async def _tell(self, report: Report) -> None:
        """Of what is looked at again later."""
        try:
            await self._dispatch.report(report)
        except Exception:
            log.exception("what Slack says of the token was not kept")

    # In

    async def _receive(self, request: web.Request) -> web.Response:
        payload = await self._guard.admit(request)
        try:
            response = await self._bolt.async_dispatch(AsyncBoltRequest(body=payload, mode="socket_mode"))
        except MALFORMED:
            log.exception("Bolt could not read a signed payload")
            raise web.HTTPBadRequest from None
        return _answered(response)

    async def _hear(self, body: dict[str, Any]) -> BoltResponse:
        """The one listener. Slack is answered when what was asked for is committed, or when the person has
        been told that it is not yet; the handler goes on."""
        if (report := self._reported(body)) is not None:
            return await self._store(report, body)
        delivery = self._parsed(body)
        if delivery is None:
            return BoltResponse(status=200)
        exchange = Exchange(delivery)
        work = self._begin(self._answer(exchange))
        await asyncio.wait({work}, timeout=PATIENCE)
        answer: Body = work.result() if work.done() else await self._meanwhile(exchange, work)
        return BoltResponse(status=200, body=dict(answer) or "")

    async def _meanwhile(self, exchange: Exchange, work: asyncio.Task[Body]) -> Body:
        """Whom nothing can be told sees Slack's own sign after 3 s; an event Slack sends again."""
        telling = self._begin(self._replies.hold(exchange))
        self._begin(self._follow(exchange, work, telling))
        await asyncio.wait({work, telling}, return_when=asyncio.FIRST_COMPLETED)
        held = telling.result() if telling.done() and not telling.exception() else None
        return await work if held is None else held

    async def _follow(
        self, exchange: Exchange, work: asyncio.Task[Body], telling: asyncio.Task[Body | None]
    ) -> None:
        """Whoever was told that nothing is certain is told how it ended, whichever of the two took longer."""
        await asyncio.wait({work, telling})
        if not telling.cancelled() and not telling.exception() and telling.result() is not None:
            await self._replies.settle(exchange)

    def _reported(self, body: dict[str, Any]) -> Report | None:
        try:
            return parse.report(body, self._home)
        except MALFORMED:
            log.exception("a signed payload of unknown shape")
            return None

    async def _store(self, report: Report, body: dict[str, Any]) -> BoltResponse:
        """What could not be stored Slack tells again."""
        if isinstance(report, AccountChanged):
            account = report.account
            self._profiles.learn_change(
                (account.workspace, account.user),
                Profile(account.name, account.locale, account.zone, account.guest),
            )
        if isinstance(report, ChannelJoined) and (inviter := parse.inviter(body)):
            who = await self._profiles.complete(Sender(self.name, report.workspace, inviter, ""))
            report = replace(report, locale=who.locale, zone=who.zone)
        if isinstance(report, Disconnected):
            log.warning("Slack does not accept us any more in workspace %s", report.workspace)
        try:
            known = await self._dispatch.report(report)
        except Exception:
            log.exception("a report was not kept")
            return BoltResponse(status=503)
        if known and isinstance(report, AccountChanged) and not report.account.locale:
            self._begin(self._ask_language(report.account))
        return BoltResponse(status=200)

    async def _ask_language(self, account: Sender) -> None:
        """A user_change does not name the language, which may be what changed."""
        profile = await self._profiles.renew((account.workspace, account.user))
        if profile.locale:
            await self._tell(AccountChanged("", replace(account, locale=profile.locale)))

    def _parsed(self, body: dict[str, Any]) -> parse.Delivery | None:
        try:
            return parse.delivery(body, self._home)
        except MALFORMED:
            log.exception("a signed payload of unknown shape")
            return None

    async def _answer(self, exchange: Exchange) -> Body:
        event = await self._introduced(exchange.delivery.event)
        exchange.delivery = replace(exchange.delivery, event=event)
        exchange.locale = event.sender.locale
        return await self._replies.apply(exchange, await self._dispatch(event))

    async def _introduced(self, event: Event) -> Event:
        """Return the event with what Slack says of its sender and of the people in its text."""
        if not isinstance(event, Command | Said) or not event.names:
            return replace(event, sender=await self._profiles.complete(event.sender))
        sender, names = await asyncio.gather(
            self._profiles.complete(event.sender), self._profiles.named(event.names)
        )
        return replace(event, sender=sender, names=names)

    def _begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task that close() waits for."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("an answer to Slack broke off", exc_info=error)


class _Installed(AsyncAuthorize):
    """The token for every workspace, without the auth.test that Bolt makes for each request."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        actor_enterprise_id: str | None = None,
        actor_team_id: str | None = None,
        actor_user_id: str | None = None,
    ) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, user_id=user_id, bot_token=self._token
        )


def _client(api_url: str, token: str | None) -> AsyncWebClient:
    """No retries: slack_sdk's own would post a card twice after a cut connection."""
    return AsyncWebClient(token, api_url, retry_handlers=[], logger=_quiet("web"))


def _bolt(settings: SlackSettings, hear: Any) -> AsyncApp:
    """One listener a kind of payload; Bolt builds the arguments of every listener that it tries.

    `authorize` is given, so Bolt never falls back to OAuth when it finds SLACK_CLIENT_ID in the environment.
    The guard has verified the signature; `parse` drops what bots say.
    """
    bolt = AsyncApp(
        name="cercle",
        logger=_quiet("bolt"),
        process_before_response=True,
        signing_secret=settings.signing_secret,
        client=_client(settings.api_url, None),
        authorize=_Installed(settings.bot_token),
        request_verification_enabled=False,
        ignoring_self_events_enabled=False,
        attaching_function_token_enabled=False,
    )
    for listen in (bolt.block_action, bolt.view_submission, bolt.command, bolt.event):
        listen(ANY)(hear)
    return bolt


def _answered(response: BoltResponse) -> web.Response:
    """What nobody listens to is heard too (Bolt: 404), and no failure of ours is a 5xx."""
    status = {404: 200, 500: 400}.get(response.status, response.status)
    body = response.body if response.status == 200 else ""
    kind = "application/json" if body.startswith("{") else "text/plain"
    return web.Response(status=status, text=body, content_type=kind)


def _quiet(part: str) -> logging.Logger:
    """Bolt and slack_sdk take a logger without a level of its own for DEBUG, and write every body out."""
    logger = logging.getLogger(f"{__name__}.{part}")
    logger.setLevel(logging.ERROR)
    return logger
