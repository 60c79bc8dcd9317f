"""Is it alive, and can it work?"""

from __future__ import annotations

import asyncio

import structlog
from aiohttp import web

from bot.domain.circle import Connection
from storage import deliveries, workspaces
from storage.engines.database import Database
from storage.transaction import Transaction

log = structlog.get_logger()

PATIENCE = 2.0
"""Seconds the database has for a trivial transaction."""
HEADERS = {"Cache-Control": "no-store"}


def routes(database: Database, patience: float = PATIENCE) -> list[web.RouteDef]:
    async def ready(_: web.Request) -> web.Response:
        """The transaction takes the write lock and asks a table: both have to work before any event can."""
        try:
            async with asyncio.timeout(patience):
                lost = await database.transact(_look)
        except Exception as error:
            log.warning("web.not_ready", reason=type(error).__name__)
            return _json({"status": "unavailable", "database": "no answer"}, 503)
        chats = {each.platform: f"not connected since {each.lost_at:%Y-%m-%dT%H:%M:%SZ}" for each in lost}
        return _json({"status": "ok", "database": "ok", **chats})

    return [web.get("/healthz", _alive), web.get("/readyz", ready)]


def _look(tx: Transaction) -> list[Connection]:
    """Return the connections that are lost. They keep nothing else from working."""
    deliveries.next_due(tx)
    return workspaces.disconnected(tx)


async def _alive(_: web.Request) -> web.Response:
    return _json({"status": "ok"})


def _json(body: dict[str, str], status: int = 200) -> web.Response:
    return web.json_response(body, status=status, headers=HEADERS)
