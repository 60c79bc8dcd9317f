"""The queue that all processes on one PostgreSQL share: Procrastinate, inside our event loop.

It is a doorbell and a common clock, never the store of truth. A job says "look at that workspace" or "it is
that time", and what is due stands in our tables. None of its locks is used: a worker that dies keeps them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Coroutine, Mapping
from datetime import timedelta
from functools import partial
from importlib import resources
from typing import Any

import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition, Status
from procrastinate.schema import SchemaManager

from scheduler.timetable import TIMETABLE, Job, Tools, tick
from storage import jobs
from storage.transaction import Transaction

log = structlog.get_logger()

REST = 0.1
"""Seconds between two looks at one circle that a process defers, and that a look keeps its slot: a pump waits
as long after a ring, so that many presses are one look. A deferral costs as much as a small transaction."""
SLOTS = len(TIMETABLE) + 2
"""Jobs at a time. Each tick takes one at most, however long it needs, and looks have the rest."""
CONNECTIONS = 2
"""Of one process, beside the one that listens."""
PATIENCE = 3.0
"""Seconds to wait for one of them."""
FIRST_PAUSE, LAST_PAUSE = 1.0, 15.0
"""Seconds before it is started again, doubled while it keeps failing at once."""
GRACE = 2.0
"""Seconds at the end for the jobs under way. What is cut off is done at the next tick."""
STOP = 3.5
"""Seconds that stopping takes at most, be the server away."""
WATCH = 1.0
"""Seconds between two looks at the clock on the wall."""
LEAP = 10.0
"""Seconds that pass by it meanwhile if it was set, or the process slept; or fewer than none."""


class Queue:
    """The part of one process. `server` is what psycopg connects with."""

    def __init__(self, tools: Tools, ring: Callable[[], object], server: Mapping[str, Any]) -> None:
        self._tools = tools
        self._ring = ring
        self._server = server
        self._ticking: set[str] = set()
        self._deferred: dict[str, float] = {}
        self._keeping: asyncio.Task[None] | None = None
        _tell_in_one_line()

    def start(self) -> None:
        self._tools.database.defer = self._defer
        self._keeping = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping], timeout=STOP)

    def _defer(self, tx: Transaction, circle_ids: Collection[str]) -> None:
        """In a unit of work, in whatever thread that runs. One that is undone after all has silenced the next
        for a moment: every pump looks by itself within a second."""
        now = time.monotonic()
        silent = [circle for circle in circle_ids if now - self._deferred.get(circle, -REST) >= REST]
        if silent:
            self._deferred.update(dict.fromkeys(silent, now))
            jobs.defer(tx, silent)

    async def _keep(self) -> None:
        """Procrastinate ends when a connection fails it, or its tables: then it is started anew."""
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            try:
                await self._work()
                log.warning("queue.ended")
            except Exception as error:
                log.warning("queue.failed", reason=_reason(error))
            pause = FIRST_PAUSE if time.monotonic() - began > pause else min(2 * pause, LAST_PAUSE)
            await asyncio.sleep(pause)

    async def _work(self) -> None:
        app = self._app()
        async with app.open_async():
            await _clear(app)
            await _by_the_clock(
                app.run_worker_async(
                    queues=[jobs.QUEUE],
                    concurrency=SLOTS,
                    delete_jobs=DeleteJobCondition.ALWAYS,
                    shutdown_graceful_timeout=GRACE,
                    install_signal_handlers=False,
                )
            )

    def _app(self) -> App:
        app = App(
            connector=PsycopgConnector(
                kwargs=self._server, min_size=1, max_size=CONNECTIONS, timeout=PATIENCE, name="queue"
            )
        )
        app.task(name=jobs.LOOK, queue=jobs.QUEUE)(self._look)
        for job in TIMETABLE:
            task = app.task(name=job.name, queue=jobs.QUEUE)(partial(self._tick, job))
            app.periodic(cron=cron(job.every))(task)
        return app

    async def _look(self, workspace: str) -> None:
        log.debug("queue.look", workspace=workspace)
        self._ring()
        await asyncio.sleep(REST)

    async def _tick(self, job: Job, timestamp: int) -> None:
        """A tick that comes while the one before is at work is let go, and so is one that comes late: there
        will be another."""
        if job.name in self._ticking or time.time() - timestamp > LEAP:
            return
        self._ticking.add(job.name)
        try:
            await tick(job, self._tools)
        finally:
            self._ticking.discard(job.name)


async def _clear(app: App) -> None:
    """Jobs whose process died stay as it left them, and nobody takes them up. Nothing is lost with them."""
    for job in await app.job_manager.get_stalled_jobs(queue=jobs.QUEUE):
        await app.job_manager.finish_job(job, Status.ABORTED, delete_job=True)


class ClockSet(Exception):
    """The clock on the wall was set, or the process slept."""


async def _by_the_clock(work: Coroutine[Any, Any, None]) -> None:
    """Until it ends. Procrastinate defers what has passed since its last tick: nothing, for an hour, when the
    clock was set back by one; every second of it, when it was set forward. A fresh one begins with the
    present. Raises ClockSet."""
    worker = asyncio.create_task(work)
    try:
        while not worker.done():
            before = time.time()
            await asyncio.wait([worker], timeout=WATCH)
            if not 0 <= time.time() - before < LEAP:
                raise ClockSet("the clock was set, or the process slept")
    finally:
        worker.cancel()
        await asyncio.wait([worker])
    worker.result()


def cron(every: timedelta) -> str:
    """With Procrastinate's sixth column, which is seconds. Raises ValueError for what does not divide a
    minute."""
    seconds = int(every.total_seconds())
    if not 0 < seconds <= 60 or 60 % seconds:
        raise ValueError(f"a tick every {every} does not divide a minute")
    return f"* * * * * */{seconds}"


def schema() -> jobs.Schema:
    """As the Procrastinate that is installed brings it along."""
    folder = resources.files("procrastinate.sql") / "migrations"
    scripts = (file for file in folder.iterdir() if file.name.endswith(".sql"))
    steps = {file.name.removesuffix(".sql"): file.read_text(encoding="utf-8") for file in scripts}
    return jobs.Schema(SchemaManager.get_schema(), steps)


class _OneLine(logging.Handler):
    """Each part of Procrastinate tells of a server that went away, with the whole way there."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, ConnectorException):
            log.warning("queue.trouble", reason=_reason(error))
        else:
            log.log(record.levelno, "queue.said", words=record.getMessage(), exc_info=error)


def _tell_in_one_line() -> None:
    theirs = logging.getLogger("procrastinate")
    theirs.handlers, theirs.propagate = [_OneLine()], False
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # else it tells every attempt to connect


def _reason(error: BaseException) -> str:
    """What the driver said, which Procrastinate wraps."""
    return str(error.__cause__ or error).strip().partition("\n")[0]
