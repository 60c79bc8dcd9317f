"""Which worlds suffer what, how often, and how many of them at a time."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from tests import databases
from tests.databases import Server
from tests.emulators.proxy import Address
from tests.torture import attacks, points
from tests.torture.attacks import Outcome
from tests.torture.founding import world
from tests.torture.world import World

log = logging.getLogger(__name__)

ABREAST = 4
"""Worlds at a time: they wait for each other's crashes, but starting a process again takes a whole core."""
CONNECTIONS = 400
"""Of PostgreSQL, for three processes of 13 in each of them, and those that look on."""
SEEDS = 20
"""Of every crash point."""


class Home(Enum):
    """Where a world's tables are."""

    SQLITE = auto()
    POSTGRES = auto()
    BEHIND_PROXY = auto()
    OWN_SERVER = auto()

    @property
    def label(self) -> str:
        return "SQLite" if self is Home.SQLITE else "PostgreSQL"

    @property
    def backend(self) -> str:
        return "sqlite" if self is Home.SQLITE else "postgres"

    @property
    def verbs(self) -> tuple[str, ...]:
        return ("serve",) if self is Home.SQLITE else ("serve", "worker")


@dataclass(frozen=True)
class Trial:
    """One world. `does` is one of tests.torture.attacks, with what it takes in `how`."""

    fault: str
    home: Home
    does: Callable[..., Any]
    how: dict[str, Any] = field(default_factory=dict)
    verbs: tuple[str, ...] | None = None
    """The processes to begin with, if not the usual ones of its home."""

    @property
    def begins_with(self) -> tuple[str, ...]:
        return self.home.verbs if self.verbs is None else self.verbs


@dataclass(frozen=True)
class Ended:
    trial: Trial
    seed: int
    folder: Path
    outcome: Outcome


CRASH, KILL, FREEZE = "a crash at every point", "kill -9", "frozen beyond the lease"
STOP, FULL, STALL = "PostgreSQL stopped at once", "disk full", "database stalls, then kill -9"
LINK, QUEUE, STORM = "database's network spoilt", "queue emptied", "3 calls in 10 go wrong"
PEACE = "nothing"


def long() -> list[Trial]:
    """The figures that are promised."""
    lite, pg = Home.SQLITE, Home.POSTGRES
    return [
        *(Trial(STORM, home, attacks.storm, {"seconds": 600}) for home in (lite, pg)),
        *(_freezes(home, 10) for home in (pg, pg, pg, lite, lite)),
        *(_crashes(home, points.of(home.backend)) for home in (lite, pg) for _ in range(SEEDS)),
        *(Trial(KILL, home, attacks.kill, {"times": 20}) for home in (lite, pg) for _ in range(5)),
        *(Trial(STOP, Home.OWN_SERVER, attacks.stop_the_server, {"times": 10}) for _ in range(2)),
        *(Trial(FULL, lite, attacks.fill_the_disk, {"times": 10}) for _ in range(2)),
        *(Trial(STALL, Home.BEHIND_PROXY, attacks.stall_the_database, {"times": 5}) for _ in range(2)),
        *(Trial(LINK, Home.BEHIND_PROXY, attacks.spoil_the_database, {"seconds": 60}) for _ in range(2)),
        Trial(QUEUE, pg, attacks.empty_the_queue, {"times": 10}),
        *(Trial(PEACE, home, attacks.peace, {"seconds": 60}) for home in (lite, pg)),
    ]


def short(seconds: float) -> list[Trial]:
    """Every kind, in about that time; the points are drawn."""
    lite, pg, share = Home.SQLITE, Home.POSTGRES, seconds / 60

    def times(number: float) -> dict[str, Any]:
        return {"times": max(1, round(number * share))}

    return [
        *(_crashes(home, points.of(home.backend), drawn=max(1, round(3 * share))) for home in (lite, pg)),
        *(_freezes(home, max(1, round(share))) for home in (lite, pg)),
        *(Trial(STORM, home, attacks.storm, {"seconds": 10 * share}) for home in (lite, pg)),
        *(Trial(KILL, home, attacks.kill, times(2)) for home in (lite, pg)),
        Trial(STOP, Home.OWN_SERVER, attacks.stop_the_server, times(2)),
        Trial(FULL, lite, attacks.fill_the_disk, times(2)),
        Trial(STALL, Home.BEHIND_PROXY, attacks.stall_the_database, times(1)),
        Trial(LINK, Home.BEHIND_PROXY, attacks.spoil_the_database, {"seconds": 6 * share}),
        Trial(QUEUE, pg, attacks.empty_the_queue, times(1)),
    ]


def _crashes(home: Home, names: Sequence[str], drawn: int = 0) -> Trial:
    """`drawn`: so many of them; all without."""
    return Trial(CRASH, home, attacks.crash, {"names": names, "drawn": drawn}, verbs=())


def _freezes(home: Home, times: int) -> Trial:
    """On PostgreSQL with a process more, so that people are answered while one sleeps."""
    verbs = ("serve",) if home is Home.SQLITE else ("serve", "serve", "worker")
    return Trial(FREEZE, home, attacks.freeze, {"times": times}, verbs)


async def run_all(
    planned: Sequence[Trial], seed: int, folder: Path, done: Callable[[Ended], object] = lambda ended: None
) -> list[Ended]:
    """`folder` is given one of each world's own, with what its processes wrote. `done` is told of each that
    ended."""
    gate = asyncio.Semaphore(ABREAST)
    for backend in {trial.home.backend for trial in planned}:
        await asyncio.to_thread(_prepare, backend)

    async def one(number: int, trial: Trial) -> Ended:
        async with gate:
            ended = await _run(trial, seed * 1000 + number, folder)
        done(ended)
        return ended

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(number, trial)) for number, trial in enumerate(planned)]
    return [task.result() for task in tasks]


def _prepare(backend: str) -> None:
    """The database that all others are copies of: Alembic is not for several threads."""
    with tempfile.TemporaryDirectory() as folder, databases.fresh(backend, Path(folder)):
        pass


async def _run(trial: Trial, seed: int, above: Path) -> Ended:
    """A world that breaks is told of like one that loses something, and does not stop the others."""
    folder = above / str(seed)
    folder.mkdir()
    try:
        async with _home(trial.home, folder, seed) as (made, how):
            attack = partial(trial.does, **{**trial.how, **how})
            outcome = await attacks.suffer(made, attack, trial.begins_with)
    except Exception as error:
        log.exception("world %s", seed)
        outcome = Outcome(broken=repr(error))
    return Ended(trial, seed, folder, outcome)


@asynccontextmanager
async def _home(home: Home, folder: Path, seed: int) -> AsyncIterator[tuple[World, dict[str, Any]]]:
    """A world there, and what its attack has to know of the place."""
    async with AsyncExitStack() as stack:
        how: dict[str, Any] = {}
        if home is Home.OWN_SERVER:
            server = await attacks.told(Server)
            stack.push_async_callback(attacks.told, server.end)
            url, how = server.address(), {"server": server}
            await asyncio.to_thread(migrate, url)
        else:
            fresh = databases.fresh(home.backend, folder)
            url = await asyncio.to_thread(fresh.__enter__)
            stack.push(fresh.__exit__)
        through = socket_of(url) if home is Home.BEHIND_PROXY else None
        yield await stack.enter_async_context(world(url, folder, seed, through=through)), how


def migrate(url: str) -> None:
    environ = {"PATH": os.environ["PATH"], "CERCLE_DATABASE_URL": url}
    words = (sys.executable, "-m", "bot", "migrate")
    subprocess.run(words, cwd=points.ROOT, env=environ, check=True, capture_output=True)


def socket_of(url: str) -> Address:
    """Where PostgreSQL listens."""
    return f"{make_url(url).query['host']}/.s.PGSQL.5432"
