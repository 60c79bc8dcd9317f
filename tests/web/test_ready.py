"""Ready is false while PostgreSQL is away, and true again when it is back, without a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from bot.meters import Meters
from bot.web import operations
from storage.engines.connect import connect as connect_database
from storage.engines.connect import upgrade
from tests import databases
from tests.house import TUESDAY


@pytest.fixture
async def server() -> AsyncIterator[databases.Server]:
    """One of its own: the shared one is not to be stopped."""
    server = await asyncio.to_thread(databases.Server)
    yield server
    await asyncio.to_thread(server.end)


@pytest.fixture
async def site(server: databases.Server) -> AsyncIterator[str]:
    await asyncio.to_thread(upgrade, server.address())
    database = connect_database(server.address())
    database.open()
    app = web.Application()
    app.add_routes(operations(database, Meters(), lambda: TUESDAY))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()
    await asyncio.to_thread(database.close)


async def get(url: str) -> tuple[int, str]:
    async with aiohttp.request("GET", url) as answer:
        return answer.status, await answer.text()


async def test_postgresql_stops_and_comes_back(site: str, server: databases.Server) -> None:
    assert (await get(f"{site}/readyz"))[0] == 200
    await asyncio.to_thread(server.stop_at_once)
    for _ in range(3):
        status, said = await get(f"{site}/readyz")
        assert status == 503
        assert "connection" not in said
    assert (await get(f"{site}/healthz"))[0] == 200
    assert "cercle_database_up 0.0" in (await get(f"{site}/metrics"))[1]
    await asyncio.to_thread(server.start)
    assert (await get(f"{site}/readyz"))[0] == 200
    assert "cercle_database_up 1.0" in (await get(f"{site}/metrics"))[1]
