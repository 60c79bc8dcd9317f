"""Slack's Web API: one request a call, never a second try, every failure by its right name."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import aiohttp
import msgspec
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from yarl import URL

from bot.chat.messenger import (
    Closed,
    Gone,
    MessengerError,
    NotConnected,
    Refused,
    Restricted,
    Throttled,
    Unavailable,
    Unreachable,
    asked_to_wait,
)

PATIENCE = 30.0
"""Seconds to wait when Slack says "too fast" and not until when."""

BROKEN = (SlackApiError, aiohttp.ClientError, TimeoutError, OSError, ValueError, AttributeError)
"""What slack_sdk 3.47 lets through; AttributeError is its answer to a 200 whose body is no JSON object."""


def _codes(words: str) -> frozenset[str]:
    return frozenset(words.split())


PARTLY_DONE = _codes("internal_error fatal_error")
"""docs.slack.dev: "It's possible some aspect of the operation succeeded before the error was raised"."""

UNREACHABLE = _codes("""
    cannot_dm_bot cannot_dm_yourself channel_not_found messages_tab_disabled not_enough_users not_in_channel
    user_disabled user_not_found user_not_visible users_not_found
    """)
"""This address cannot be written to (errors of chat.postMessage and conversations.open)."""

CLOSED = _codes("is_archived is_inactive")

RESTRICTED = _codes("""
    channel_is_limited_access restricted_action restricted_action_non_threadable_channel
    restricted_action_read_only_channel restricted_action_thread_only_channel
    """)

GONE = _codes("cant_update_message message_not_found")
"""No message of ours stands there. One deleted above its thread stays as "This message was deleted.", which
is Slackbot's, so that changing it is not permitted (errors of chat.update and chat.delete)."""

BAD_BLOCKS = _codes("invalid_arguments invalid_blocks")
"""Something about the blocks is wrong, in a view or in a message. Where there is a picture among them, it may
be the cause: Slack fetches it before it takes the message ("downloading image failed")."""

NOT_CONNECTED = _codes("account_inactive invalid_auth not_authed token_revoked")
"""The token is not accepted: the app was removed, or its token revoked. `account_inactive` is said of the
token's account, not of the reader's."""

PASSING = _codes("""
    access_denied accesslimited ekm_access_denied enterprise_is_restricted external_channel_migrating
    message_limit_exceeded org_login_required request_timeout service_unavailable team_access_not_granted
    team_added_to_org token_expired two_factor_setup_required
    """)
"""Not done, and mended by time or by an operator: nearly all concern the token or the workspace, so no
single message is to blame."""

MEANINGS: dict[type[MessengerError], frozenset[str]] = {
    Unreachable: UNREACHABLE,
    Closed: CLOSED,
    Restricted: RESTRICTED,
    Gone: GONE,
    NotConnected: NOT_CONNECTED,
    Unavailable: PASSING,
}
"""A code that stands nowhere here means Refused."""


async def call(request: Awaitable[AsyncSlackResponse], lost: type[MessengerError]) -> dict[str, Any]:
    """The answer's body. Raises a MessengerError; `lost` is the one for an answer that never came."""
    with told(lost):
        response = await request
    return response.data if isinstance(response.data, dict) else {}


@contextmanager
def told(lost: type[MessengerError]) -> Iterator[None]:
    """Say what goes wrong on the way as a MessengerError; `lost` is the one for an answer that never came."""
    try:
        yield
    except BROKEN as error:
        _fail(error, lost)


class Answer(msgspec.Struct):
    """What is looked at of one."""

    ok: Any = False
    error: Any = ""
    channel: Any = ""
    ts: Any = ""


JSON = {"Content-Type": "application/json;charset=utf-8"}
_ENCODER, _DECODER = msgspec.json.Encoder(), msgspec.json.Decoder(Answer)


class Cards:
    """chat.postMessage and chat.update, which leave by the thousand: the request that slack_sdk would make,
    through its own session, without its detours (measured: 0.6 ms of the processor a card, and 0.3), and no
    more of the answer, which repeats the card, than is looked at (a tenth less again)."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._headers = {
            **client.headers,
            "Authorization": f"Bearer {client.token}",
            **JSON,
        }
        self._urls: dict[str, URL] = {}

    async def put(self, method: str, message: Mapping[str, Any], lost: type[MessengerError]) -> Answer:
        """Raises as `call` does."""
        data = encoded(message)
        try:
            status, headers, body = await self._post(method, data)
        except BROKEN as error:
            _fail(error, lost)
        answer = _decoded(body)
        if status == 200 and answer.ok:
            return answer
        raise meaning(status, answer.error, headers, lost)

    async def _post(self, method: str, data: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """Return the status, the headers and the body of Slack's answer."""
        session = self._client.session
        assert session is not None, "not started"
        if method not in self._urls:
            self._urls[method] = URL(f"{self._client.base_url}{method}")
        where, proxy = self._urls[method], self._client.proxy
        body = aiohttp.BytesPayload(data)
        async with session.post(where, data=body, headers=self._headers, proxy=proxy) as answer:
            return answer.status, answer.headers, await answer.read()


def encoded(message: Mapping[str, Any]) -> bytes:
    """Encode a message as JSON. This happens before the call, because a TypeError or ValueError of the call
    means something else. Raises Refused."""
    try:
        return _ENCODER.encode(message)
    except (TypeError, ValueError) as error:
        raise Refused("no JSON") from error


def _decoded(body: bytes) -> Answer:
    """One that says nothing for what is no JSON object, or too deep to be read."""
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return Answer()


def _fail(error: Exception, lost: type[MessengerError]) -> NoReturn:
    match error:
        case SlackApiError():
            raise _said_no(error, lost) from error
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            raise Unavailable(type(error).__name__) from error
        case _:
            raise lost(type(error).__name__) from error


def _said_no(error: SlackApiError, lost: type[MessengerError]) -> MessengerError:
    """`response` is slack_sdk's own, or aiohttp's when the body was no JSON."""
    response = error.response
    status: int = getattr(response, "status_code", None) or response.status
    body = getattr(response, "data", None)
    said = body.get("error", "") if isinstance(body, dict) else ""
    return meaning(status, said, response.headers, lost)


def meaning(
    status: int, said: object, headers: Mapping[str, str], lost: type[MessengerError]
) -> MessengerError:
    """Return the error that stands for an answer without success."""
    code = str(said)
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return Throttled(_wait(headers))
    if status >= 500 or code in PARTLY_DONE or not code:
        return lost(code or f"status {status}")
    return next((kind(code) for kind, codes in MEANINGS.items() if code in codes), Refused(code))


def _wait(headers: Mapping[str, str]) -> float:
    return asked_to_wait(headers.get("Retry-After", ""), headers.get("Date", "")) or PATIENCE
