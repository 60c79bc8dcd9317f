"""Teams as Microsoft's samples write to it unasked: `CloudAdapter.continue_conversation` for each message,
and `send_activity` in its turn. The SDK then makes a connector client and fetches a token each time.

To its base class, which is in botbuilder-core, `CloudAdapter` itself adds only how it hears. MSAL takes https
authorities only: what it asks of them goes to the wire of the bench, without TLS, which is to its advantage.
"""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import requests
from botbuilder.core import TurnContext
from botbuilder.core.cloud_adapter_base import CloudAdapterBase
from botbuilder.schema import Activity, Attachment, ChannelAccount, ConversationAccount, ConversationReference
from botframework.connector.auth import (
    BotFrameworkAuthenticationFactory,
    PasswordServiceClientCredentialFactory,
)
from requests.adapters import HTTPAdapter

from tests.bench import chats
from tests.bench.peer_sdk import AT_ONCE
from tests.bench.talk import Json, given, obey


def everything_at(wire: str) -> None:
    """What is asked of any https address is asked of the wire."""
    send = HTTPAdapter.send

    def sent(self: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **options: Any) -> Any:
        assert request.url is not None
        if request.url.startswith("https://"):
            request.url = wire + request.url.split("/", 3)[3]
        return send(self, request, *args, **options)

    HTTPAdapter.send = sent  # type: ignore[method-assign]


class Posting:
    def __init__(self, port: int) -> None:
        wire = f"http://127.0.0.1:{port}/"
        everything_at(wire)
        self._service = f"{wire}emea/"
        secret = PasswordServiceClientCredentialFactory(chats.BOT, chats.PASSWORD, chats.TENANT)
        self._adapter = CloudAdapterBase(BotFrameworkAuthenticationFactory.create(credential_factory=secret))

    async def obey(self, told: Json) -> Json:
        """Every body becomes an activity before the clock runs."""
        bodies = json.loads(Path(told["bodies"]).read_bytes())[: told["cards"]]
        waiting = iter([(self._reference(body), _activity(body)) for body in bodies])

        async def some() -> None:
            for reference, activity in waiting:
                await self._post(reference, activity)

        began = time.perf_counter()
        await asyncio.gather(*(some() for _ in range(AT_ONCE)))
        return {"seconds": time.perf_counter() - began}

    async def _post(self, reference: ConversationReference, activity: Activity) -> None:
        async def turn(context: TurnContext) -> None:
            await context.send_activity(activity)

        await self._adapter.continue_conversation(reference, turn, chats.BOT)

    def _reference(self, body: Json) -> ConversationReference:
        return ConversationReference(
            bot=ChannelAccount(id=f"28:{chats.BOT}"),
            user=ChannelAccount(id=body["recipient"]["id"]),
            conversation=ConversationAccount(id=body["conversation"]["id"]),
            channel_id="msteams",
            service_url=self._service,
        )


def _activity(body: Json) -> Activity:
    (card,) = body["attachments"]
    attached = Attachment(content_type=card["contentType"], content=card["content"])
    return Activity(type="message", summary=body["summary"], attachments=[attached])


if __name__ == "__main__":
    asyncio.run(obey(Posting(given()["port"]).obey))
