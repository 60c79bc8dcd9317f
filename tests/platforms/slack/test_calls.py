"""What Slack may answer to a card, at its strangest: always a MessengerError by its right name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.messenger import MessengerError, Refused, Unsure
from bot.platforms.slack.calls import Answer, Cards

HELLO = {"channel": "D1", "text": "Hello"}
DEEP = b"[" * 100_000 + b"]" * 100_000


@dataclass
class Slack:
    """Answers with whatever it is given."""

    status: int = 200
    body: bytes = b""
    heard: list[bytes] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.heard.append(await request.read())
        return web.Response(status=self.status, body=self.body, content_type="application/json")


@pytest.fixture
def slack() -> Slack:
    return Slack()


@pytest.fixture
async def cards(slack: Slack) -> AsyncIterator[Cards]:
    app = web.Application()
    app.router.add_post("/api/chat.postMessage", slack.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession() as session:
        yield Cards(
            AsyncWebClient("xoxb-test", f"http://127.0.0.1:{runner.addresses[0][1]}/api/", session=session)
        )
    await runner.cleanup()


async def put(cards: Cards, **more: object) -> Answer:
    return await cards.put("chat.postMessage", {**HELLO, **more}, Unsure)


@pytest.mark.parametrize(
    "body",
    [
        b'{"ok":true,"channel":"D1","ts":"1.2"}',
        b'{"ts":"1.2","message":{"ok":false,"ts":"9.9","channel":"D9"},"channel":"D1","ok":true}',
        b' {"ok" : true, "ts": "1.2", "channel": "D1", "message": {"text": "\xc3\xa9"}} ',
    ],
)
async def test_a_yes(slack: Slack, cards: Cards, body: bytes) -> None:
    slack.body = body
    answer = await put(cards)
    assert (answer.channel, answer.ts) == ("D1", "1.2")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"", Unsure),
        (200, b"ok", Unsure),
        (200, b"[]", Unsure),
        (200, b"null", Unsure),
        (200, b'{"ok":true,"ts":"1.2"', Unsure),
        (200, b'{"ok":true,"ts":"1.2"} and more', Unsure),
        (200, b'{"ok":true,"message":' + DEEP + b"}", Unsure),
        (200, b'{"ok":null}', Unsure),
        (200, b'{"ok":false,"error":"internal_error"}', Unsure),
        (200, b'{"ok":false,"error":"invalid_blocks"}', Refused),
        (200, b'{"ok":false,"error":["invalid_blocks"]}', Refused),
        (500, b'{"ok":true,"ts":"1.2"}', Unsure),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_what_is_no_yes(
    slack: Slack, cards: Cards, status: int, body: bytes, error: type[MessengerError]
) -> None:
    slack.status, slack.body = status, body
    with pytest.raises(error):
        await put(cards)


async def test_what_cannot_be_written_as_json_does_not_leave(slack: Slack, cards: Cards) -> None:
    for value in ("half \ud83d", object()):
        with pytest.raises(Refused, match="no JSON"):
            await put(cards, text=value)
    assert slack.heard == []
