"""botbuilder-core, plugged in: everything of the SDK that can be replaced behind its own abstract classes.

Bought are the adapter's turn, the activity models and the connector client. Ours are the inbound check, the
token cache, the connector cache and the socket: the SDK fetches a token and opens a socket for every message,
waits for both on the event loop, and runs `requests` in threads.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import aiohttp
import msal
import requests
from botbuilder.core import InvokeResponse, TurnContext
from botbuilder.core.cloud_adapter_base import CloudAdapterBase
from botbuilder.schema import Activity, ChannelAccount, ConversationAccount
from botframework.connector.aio import ConnectorClient
from botframework.connector.auth import BotFrameworkAuthentication, ClaimsIdentity
from botframework.connector.auth.authenticate_request_result import AuthenticateRequestResult
from botframework.connector.auth.connector_factory import ConnectorFactory
from botframework.connector.bot_framework_sdk_client_async import BotFrameworkConnectorConfiguration
from msrest.authentication import Authentication
from msrest.pipeline import Response
from msrest.pipeline.async_abc import AsyncHTTPSender, AsyncPipeline
from msrest.pipeline.universal import RawDeserializer
from msrest.universal_http.async_abc import AsyncClientResponse
from multidict import CIMultiDict

from bot.platforms.teams.auth import TokenCheck, trusted

log = logging.getLogger(__name__)

AUDIENCE: Final = "https://api.botframework.com"
SCOPE: Final = f"{AUDIENCE}/.default"

RENEW_BEFORE: Final = timedelta(minutes=5)
TOKEN_RETRY_AFTER: Final = timedelta(seconds=5)
TOKEN_TIMEOUT: Final = (5, 10)
"""Seconds to connect, seconds to answer."""

SOCKETS: Final = 40
"""At once to one host. Forty sends a second at 100 ms each keep four of them busy."""

TIMEOUT: Final = aiohttp.ClientTimeout(total=15, connect=5)
"""Seconds; to connect includes the wait for a free socket, so that a call never begun is known as such."""


@dataclass(frozen=True)
class TeamsSettings:
    """One registered bot in one tenant. Raises ValueError when something needed is missing.

    `anonymous` is for local clients that send no token; the root allows it on loopback only.
    """

    app_id: str
    app_password: str = field(repr=False)
    tenant_id: str
    openid_url: str = "https://login.botframework.com/v1/.well-known/openidconfiguration"
    login_url: str = "https://login.microsoftonline.com"
    service_url: str = "https://smba.trafficmanager.net/teams/"
    service_hosts: tuple[str, ...] = ("smba.trafficmanager.net", "*.botframework.com")
    anonymous: bool = False

    def __post_init__(self) -> None:
        if not self.tenant_id and not self.anonymous:
            raise ValueError("Teams needs a tenant id")
        if not self.anonymous and not (self.app_id and self.app_password):
            raise ValueError("Teams needs an app id and an app password")


class TokenUnavailable(Exception):
    """No outbound token could be had."""


class ConnectorRefusal(Exception):
    """The connector answered 4xx or 5xx."""

    def __init__(self, status: int, retry_after: str = "", date: str = "") -> None:
        super().__init__(f"the connector answered {status}")
        self.status = status
        self.retry_after = retry_after
        self.date = date


class UntrustedService(Exception):
    """A service URL that no token may travel to."""


class Sockets:
    """One client session, opened at its first use because that needs a running loop."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    def __call__(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit_per_host=SOCKETS), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


class _LoginHTTP:
    """What MSAL calls the network through. It takes https authorities only, so for a loopback stand-in that
    speaks plain http the scheme is put back here."""

    def __init__(self, login_url: str) -> None:
        self._session = requests.Session()
        self._given = login_url
        self._shown = login_url.replace("http://", "https://", 1)

    def post(self, url: str, **options: Any) -> requests.Response:
        return self._session.post(self._real(url), timeout=TOKEN_TIMEOUT, **options)

    def get(self, url: str, **options: Any) -> requests.Response:
        return self._session.get(self._real(url), timeout=TOKEN_TIMEOUT, **options)

    def close(self) -> None:
        self._session.close()

    def _real(self, url: str) -> str:
        return self._given + url.removeprefix(self._shown) if url.startswith(self._shown) else url


class Tokens:
    """The outbound token: fetched in a thread, by one fetch at a time, and again before it ends."""

    def __init__(self, settings: TeamsSettings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="teams-token")
        self._app: msal.ConfidentialClientApplication | None = None
        self._http = _LoginHTTP(settings.login_url.rstrip("/"))
        self._token = ""
        self._ends = self._failed = now() - timedelta(days=1)
        self._fetching: asyncio.Task[None] | None = None

    async def get(self) -> str:
        """Raises TokenUnavailable. A token that still holds is never waited for."""
        left = self._ends - self._now()
        if left < RENEW_BEFORE:
            fetching = self._fetch()
            if left <= timedelta():
                await asyncio.shield(fetching)
        if not self._token:
            raise TokenUnavailable
        return self._token

    def forget(self, token: str) -> None:
        """The connector refused it."""
        if token == self._token:
            self._token, self._ends = "", self._now()

    async def close(self) -> None:
        if self._fetching is not None:
            await asyncio.gather(self._fetching, return_exceptions=True)
        self._thread.shutdown(wait=False)
        self._http.close()

    def _fetch(self) -> asyncio.Task[None]:
        """The fetch under way, or the one that failed a moment ago, or a new one."""
        lately = self._now() - self._failed < TOKEN_RETRY_AFTER
        if self._fetching is None or (self._fetching.done() and not lately):
            self._fetching = asyncio.create_task(self._renew())
        return self._fetching

    async def _renew(self) -> None:
        asked = self._now()
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._thread, self._acquire)
            self._token, self._ends = answer["access_token"], asked + timedelta(seconds=answer["expires_in"])
        except (TokenUnavailable, requests.RequestException, ValueError, LookupError, TypeError) as error:
            self._failed = self._now()
            if self._ends <= self._failed:
                self._token = ""
            log.warning("no outbound token: %s", _reason(error))

    def _acquire(self) -> Mapping[str, Any]:
        """In a thread. MSAL's own cache is emptied first: it would hand out a refused token again."""
        if self._app is None:
            self._app = msal.ConfidentialClientApplication(
                self._settings.app_id,
                client_credential=self._settings.app_password,
                authority=f"{self._http._shown}/{self._settings.tenant_id}",
                http_client=self._http,
                instance_discovery=False,
            )
        self._app.remove_tokens_for_client()
        answer: Mapping[str, Any] = self._app.acquire_token_for_client([SCOPE])
        if "access_token" not in answer:
            raise TokenUnavailable(answer.get("error"))
        return answer


def _reason(error: Exception) -> str:
    """Microsoft's own code ("invalid_client"), or the kind of failure: its text might quote the request."""
    return str(error) if isinstance(error, TokenUnavailable) else type(error).__name__


class _Answer(AsyncClientResponse):
    """An answer whose body is already here."""

    def __init__(self, request: Any, answer: aiohttp.ClientResponse, body: bytes) -> None:
        super().__init__(request, answer)
        self.status_code: int = answer.status
        self.headers = CIMultiDict(answer.headers)
        self.reason = answer.reason
        self._body = body

    def body(self) -> bytes:
        return self._body


class _Wire(AsyncHTTPSender[Any, Any]):
    """The last step of msrest's pipeline: aiohttp, with the token. No retry, no redirect: a redirect would
    carry the token away, and whether to try again is the caller's to decide."""

    def __init__(self, session: Callable[[], aiohttp.ClientSession], tokens: Tokens | None) -> None:
        self._session = session
        self._tokens = tokens

    async def send(self, request: Any, **_: Any) -> Any:
        """Raises ConnectorRefusal, TokenUnavailable, aiohttp.ClientError, TimeoutError."""
        answer = await self._once(request.http_request)
        if answer.status_code == 401 and self._tokens is not None:
            answer = await self._once(request.http_request)
        if answer.status_code >= 300:
            retry_after, date = (answer.headers.get(name, "") for name in ("Retry-After", "Date"))
            raise ConnectorRefusal(answer.status_code, retry_after, date)
        return Response(request, answer)

    async def __aexit__(self, *_: object) -> None:
        return None

    async def _once(self, request: Any) -> _Answer:
        token = await self._tokens.get() if self._tokens is not None else ""
        headers = {**request.headers, **({"Authorization": f"Bearer {token}"} if token else {})}
        async with self._session().request(
            request.method,
            request.url,
            data=request.data,
            headers=headers,
            timeout=TIMEOUT,
            allow_redirects=False,
        ) as answer:
            body = await answer.read()
        if answer.status == 401 and self._tokens is not None:
            self._tokens.forget(token)
        return _Answer(request, answer, body)


class Connectors(ConnectorFactory):  # type: ignore[misc]
    """One connector client a service URL, all on the same sockets and the same token."""

    def __init__(
        self, hosts: Sequence[str], session: Callable[[], aiohttp.ClientSession], tokens: Tokens | None
    ) -> None:
        self._hosts = hosts
        self._wire = _Wire(session, tokens)
        self._clients: dict[str, ConnectorClient] = {}

    async def create(self, service_url: str, audience: str = AUDIENCE) -> ConnectorClient:
        return self.at(service_url)

    def at(self, service_url: str) -> ConnectorClient:
        """Raises UntrustedService."""
        if service_url not in self._clients:
            if not trusted(service_url, self._hosts):
                raise UntrustedService
            self._clients[service_url] = self._client(service_url)
        return self._clients[service_url]

    def _client(self, service_url: str) -> ConnectorClient:
        config = BotFrameworkConnectorConfiguration(
            Authentication(),
            service_url,
            pipeline_type=lambda config: AsyncPipeline(
                [config.user_agent_policy, RawDeserializer()], self._wire
            ),
        )
        client = ConnectorClient(Authentication(), custom_configuration=config)
        client.conversations._serialize.serialize_type["object"] = _as_it_is
        return client


def _as_it_is(card: Any, **_: Any) -> Any:
    """A card is JSON already. To look through it once more took msrest a third of the time of a send."""
    return card


class Gate(BotFrameworkAuthentication):  # type: ignore[misc]
    """The SDK's door, with our lock. `check` is None for local clients that send no token."""

    def __init__(self, check: TokenCheck | None, connectors: Connectors) -> None:
        self._check = check
        self._connectors = connectors

    async def authenticate_request(self, activity: Activity, auth_header: str) -> AuthenticateRequestResult:
        """Raises Unauthorized or KeysUnavailable."""
        claims: Mapping[str, Any] = {}
        if self._check is not None:
            claims = await self._check(auth_header, activity.channel_id, activity.service_url)
        result = AuthenticateRequestResult()
        result.audience = AUDIENCE
        result.claims_identity = ClaimsIdentity(dict(claims), True)
        result.connector_factory = self._connectors
        return result

    async def authenticate_streaming_request(self, auth_header: str, channel_id_header: str) -> Any:
        raise NotImplementedError("Teams does not stream")

    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> ConnectorFactory:
        return self._connectors

    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> None:
        """We ask nobody to sign in."""


class TurnAdapter(CloudAdapterBase):  # type: ignore[misc]
    """Runs one activity through the SDK. Only what the SDK needs is copied into its model: deserialising the
    whole of it loses the tenant and trips over odd values."""

    async def run(
        self, header: str, raw: Mapping[str, Any], turn: Callable[[TurnContext], Awaitable[None]]
    ) -> InvokeResponse | None:
        """The answer to an invoke, as the handler gave it. Raises what the gate raises."""
        response: InvokeResponse | None = await self.process_activity(header, _activity(raw), turn)
        return response


def _activity(raw: Mapping[str, Any]) -> Activity:
    return Activity(
        type=raw.get("type"),
        name=raw.get("name"),
        id=raw.get("id"),
        channel_id=raw.get("channelId"),
        service_url=raw.get("serviceUrl"),
        conversation=ConversationAccount(id=_id(raw.get("conversation"))),
        from_property=ChannelAccount(id=_id(raw.get("from"))),
    )


def _id(account: Any) -> Any:
    return account.get("id") if isinstance(account, dict) else None


async def answer_invoke(context: TurnContext, body: Mapping[str, Any] | None) -> None:
    """200 with that body, exactly as it is."""
    await context.send_activity(Activity(type="invokeResponse", value=InvokeResponse(status=200, body=body)))
