"""`cercle serve`: migrate, start, listen, and on a signal stop in order."""

from __future__ import annotations

import asyncio
import gc
import signal
from functools import partial

import structlog
from aiohttp import web

from bot import logs
from bot.app import Cercle, from_settings, utc_now
from bot.settings import Settings
from handlers.team.service import first_code
from storage.database import upgrade

log = structlog.get_logger()


async def serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT."""
    logs.configure(settings.cercle_log_level)
    upgrade(settings.cercle_database_url)
    cercle = from_settings(settings)
    runner = web.AppRunner(cercle.web(), access_log=None, auto_decompress=False)
    await runner.setup()
    site = web.TCPSite(runner, settings.cercle_host, settings.cercle_port)
    await site.start()
    log.info("serving", address=site.name, site=settings.cercle_base_url)
    await _greet(cercle)
    _spare()
    await stopped()
    await runner.cleanup()


def _spare() -> None:
    """What starting made stays, so the garbage collector need not look at it. Measured at 16 connections, the
    99th percentile of a press went from about 110 to 50 ms."""
    gc.freeze()
    gc.enable()


async def stopped() -> None:
    """Returns when the process is told to end."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, told.set)
    await told.wait()


async def _greet(cercle: Cercle) -> None:
    """At first start, the code that makes a lead. It goes to the terminal, never to a log."""
    code = await cercle.database.transact(partial(first_code, now=utc_now()))
    if code is not None:
        print(f"No circle has a lead yet. In the chat: /cercle lead {code}", flush=True)  # noqa: T201
