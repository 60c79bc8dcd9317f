"""The least that a Bolt app can do with a press: one listener acknowledges it and replaces the card by a line
of text. It has no database.

`python -m tests.bench.peer_floor PORT`.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


def bolt() -> AsyncApp:
    token, url = os.environ["SLACK_BOT_TOKEN"], os.environ["SLACK_API_URL"]
    app = AsyncApp(
        client=AsyncWebClient(token, base_url=url),
        signing_secret=os.environ["SLACK_SIGNING_SECRET"],
        process_before_response=True,
    )

    drawing: set[asyncio.Task[Any]] = set()

    @app.action(re.compile(""))
    async def heard(ack: Any, respond: Any) -> None:
        """Bolt answers when this returns, so the drawing goes on without it."""
        await ack()
        task = asyncio.create_task(respond(replace_original=True, text="Noted."))
        drawing.add(task)
        task.add_done_callback(drawing.discard)

    return app


if __name__ == "__main__":
    bolt().start(port=int(sys.argv[1]), host="127.0.0.1")
