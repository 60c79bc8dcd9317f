"""Bolt's own floor: one pattern listener that acknowledges, and nothing behind it.

`python -m tests.bench.peer_floor PORT`.
"""

from __future__ import annotations

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

    @app.action(re.compile(""))
    async def heard(ack: Any) -> None:
        await ack()

    return app


if __name__ == "__main__":
    bolt().start(port=int(sys.argv[1]), host="127.0.0.1")
