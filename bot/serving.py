"""`cercle serve` and `cercle worker`: migrate, start, listen or not, and on a signal stop in order."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import structlog
from aiohttp import web

from bot import logs
from bot.app import Cercle, from_settings, utc_now
from bot.settings import Settings
from handlers.team.service import first_code
from scheduler.engine import upgrade
from storage.engines.connect import is_file
from storage.engines.database import Unavailable

log = structlog.get_logger()

LAST_REQUESTS = 1.0
"""Seconds for what is still on the wire after the platforms have let go."""
LIMIT = 9.5
"""Seconds from the signal to the end, whatever hangs; an orchestrator's patience is 10 (docker stop)."""


async def serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT; then what is under way is finished, in less than 10 s."""
    cercle, told = _made(settings)
    async with _running(cercle.web()) as runner:
        address = await _listen(runner, settings.cercle_host, settings.cercle_port)
        log.info("serving", address=address, site=settings.cercle_base_url)
        await _greet(cercle)
        spare()
        await told.wait()
    log.info("stopped")


async def work(settings: Settings) -> None:
    """The same beside others on one PostgreSQL, where nobody comes in; asked how it is, it answers on a port
    of its own."""
    if is_file(settings.cercle_database_url):
        raise NoServer
    cercle, told = _made(settings)
    async with _running(cercle.web(doors=False)) as runner:
        port = settings.cercle_worker_port
        address = await _listen(runner, settings.cercle_host, port) if port else ""
        log.info("working", address=address, site=settings.cercle_base_url)
        spare()
        await told.wait()
    log.info("stopped")


@asynccontextmanager
async def _running(app: web.Application) -> AsyncIterator[web.AppRunner]:
    """Started; stopped in order, and in any case."""
    runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=LAST_REQUESTS)
    await runner.setup()
    try:
        yield runner
    finally:
        _end_within(LIMIT)
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> str:
    """Its address."""
    site = web.TCPSite(runner, host, port)
    await site.start()
    return site.name


class NoServer(Unavailable):
    """A worker was given a SQLite file."""

    def __init__(self) -> None:
        super().__init__(
            "A worker shares a PostgreSQL database with other processes, and a SQLite file serves one only: "
            "give all of them the same one in CERCLE_DATABASE_URL, or let `cercle serve` do everything."
        )


def _made(settings: Settings) -> tuple[Cercle, asyncio.Event]:
    """The bot on a database of today's shape, and what is set when the process is told to end."""
    logs.keep_secret(settings.secrets())
    logs.configure(settings.cercle_log_level)
    logs.catch_crashes()
    told = _told()
    upgrade(settings.cercle_database_url)
    return from_settings(settings), told


def spare() -> None:
    """What starting made stays, so the garbage collector need not look at it. Measured at 16 connections, the
    99th percentile of a press went from about 110 to 50 ms."""
    gc.freeze()
    gc.enable()


async def stopped() -> None:
    """Returns when the process is told to end."""
    await _told().wait()


def _told() -> asyncio.Event:
    """Set when the process is told to end, however early that is."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, told.set)
    return told


def _end_within(seconds: float) -> None:
    """The last resort, when the database or the disk hangs. Nothing is lost by it: whatever was claimed is
    taken up when its lease ends."""
    last = threading.Timer(seconds, os._exit, (1,))
    last.daemon = True
    last.start()


async def _greet(cercle: Cercle) -> None:
    """At first start, the code that makes a lead. It goes to the terminal, never to a log."""
    code = await cercle.database.transact(partial(first_code, now=utc_now()))
    if code is not None:
        print(f"No circle has a lead yet. In the chat: /cercle lead {code}", flush=True)  # noqa: T201
