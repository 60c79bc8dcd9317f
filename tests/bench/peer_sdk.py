"""Slack without a bot: the bodies that ours sent, posted by slack_sdk's own client with one shared session,
or by aiohttp alone. No database, no card to draw, nothing to remember."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from tests.bench.talk import Json, given, obey

TOKEN = "xoxb-bench"
AT_ONCE = 100
"""As many as aiohttp opens sockets for, unless told."""
Post = Callable[[Any], Awaitable[object]]


class Posting:
    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._url = f"{url}chat.postMessage"
        self._client = AsyncWebClient(TOKEN, url, session=session, retry_handlers=[])
        self._headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json;charset=utf-8"}

    async def obey(self, told: Json) -> Json:
        bodies = json.loads(Path(told["bodies"]).read_bytes())[: told["cards"]]
        if told["do"] == "sdk":
            return {"seconds": await _all(self._sdk, bodies)}
        return {"seconds": await _all(self._bare, [json.dumps(body).encode() for body in bodies])}

    async def _sdk(self, body: dict[str, Any]) -> None:
        await self._client.chat_postMessage(**body)

    async def _bare(self, body: bytes) -> None:
        """Nothing encoded, nothing read but the bytes."""
        async with self._session.post(self._url, data=body, headers=self._headers) as answer:
            await answer.read()


async def _all(post: Post, bodies: list[Any]) -> float:
    """Seconds for all of them, so many under way at a time."""
    waiting = iter(bodies)

    async def some() -> None:
        for body in waiting:
            await post(body)

    began = time.perf_counter()
    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return time.perf_counter() - began


async def main(told: Json) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        await obey(Posting(f"http://127.0.0.1:{told['port']}/api/", session).obey)


if __name__ == "__main__":
    asyncio.run(main(given()))
