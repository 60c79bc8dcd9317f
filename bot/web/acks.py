"""The platforms' requests: how long each waits for its answer, and when the last of them has one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import monotonic

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.meters import Meters


class Acks:
    """`doors`: the paths that platforms post to, and whose each is."""

    def __init__(self, meters: Meters, doors: Mapping[str, str]) -> None:
        self._meters = meters
        self._doors = doors
        self._under_way = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    def middleware(self) -> Middleware:
        @web.middleware
        async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
            platform = self._doors.get(request.path) if request.method == "POST" else None
            return await (self._timed(platform, request, handler) if platform else handler(request))

        return watch

    async def quiet(self) -> None:
        """Returns when no platform is waiting for an answer."""
        await self._quiet.wait()

    async def _timed(self, platform: str, request: web.Request, handler: Handler) -> web.StreamResponse:
        began = monotonic()
        self._begin()
        try:
            response = await handler(request)
        finally:
            self._end()
        self._meters.answered(platform, monotonic() - began)
        return response

    def _begin(self) -> None:
        self._under_way += 1
        self._quiet.clear()

    def _end(self) -> None:
        self._under_way -= 1
        if not self._under_way:
            self._quiet.set()
