"""One world under attack: a database, the fake platforms, a bad network, processes of the real thing, and two
busy circles, one in Slack and one in Teams."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine, text

from storage.engines.connect import is_file
from tests.emulators.proxy import Address, Proxy
from tests.torture import child
from tests.torture.crowd import Crowd
from tests.torture.fakes import Slack, Teams
from tests.torture.ledger import Ledger
from tests.torture.processes import Process, launch

T = TypeVar("T")
RESTS = 120.0
"""Seconds that the system gets to come to rest once nobody attacks it any more."""
UNFINISHED = {
    "messages": """
        select state, count(*) from message
        where state in ('sending', 'ambiguous') or look_at is not null or redraw_at is not null
           or (state = 'waiting' and due_at < :soon)
        group by state
    """,
    "posts": """
        select 'not published', count(*) from post
        where published_at is null and withdrawn_at is null and publish_at < :soon having count(*) > 0
    """,
    "drafts": """
        select 'not read', count(*) from draft
        where state = 'waiting' and created_at < :soon having count(*) > 0
    """,
}


@dataclass
class Side:
    """One platform of a world."""

    name: str
    fake: Slack | Teams
    net: Proxy
    crowd: Crowd


@dataclass
class World:
    """`trouble`: spans of time in which an answer that did arrive may not have been written down, because the
    process died or froze or the database was away."""

    seed: int
    url: str
    folder: Path
    random: Random
    ledger: Ledger
    door: Proxy
    database: Proxy | None
    sides: list[Side]
    processes: list[Process] = field(default_factory=list)
    trouble: list[tuple[float, float]] = field(default_factory=list)
    slots: list[str] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def backend(self) -> str:
        return "sqlite" if is_file(self.url) else "postgres"

    @property
    def slack(self) -> Slack:
        fake = self.sides[0].fake
        assert isinstance(fake, Slack)
        return fake

    @property
    def teams(self) -> Teams:
        fake = self.sides[1].fake
        assert isinstance(fake, Teams)
        return fake

    def living(self) -> list[Process]:
        return [process for process in self.processes if process.lives]

    # processes

    async def start(self, verb: str = "serve", armed: str = "", **more: str) -> Process:
        """`armed`: "name:n" of a crash point. Ready when it returns, unless the point was in its way."""
        self._plan_a_slot()
        environ = {**self.environ, child.SLOTS: " ".join(self.slots), **more}
        log = self.folder / f"{len(self.processes)}.log"
        process = launch(verb, environ, log, armed)
        self.processes.append(process)
        await process.ready()
        return process

    def _plan_a_slot(self) -> None:
        at = datetime.now(UTC) + timedelta(seconds=4)
        self.slots.append(f"slot{len(self.slots)}@{at:%H:%M:%S}")

    def upstream(self) -> Address:
        """Any living process, as a load balancer has it. Raises OSError when there is none."""
        if not (awake := [process for process in self.living() if process.port and not process.frozen]):
            raise ConnectionRefusedError
        return "127.0.0.1", self.random.choice(awake).port

    def troubled(self, seconds: float = 0.0, before: float = 2.5) -> None:
        """Something just happened, and lasts. `before`: what a call and writing its outcome down take."""
        now = time.monotonic()
        self.trouble.append((now - before, now + seconds))

    async def end(self) -> None:
        """Every process, with a farewell."""
        await asyncio.gather(*(process.end() for process in self.living()))

    # the database, looked at from beside

    async def look(self, read: Callable[[Connection], T]) -> T:
        return await asyncio.to_thread(self._look, read)

    def _look(self, read: Callable[[Connection], T]) -> T:
        engine = create_engine(self.url)
        try:
            with engine.begin() as connection:
                return read(connection)
        finally:
            engine.dispose()

    async def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        return await self.look(lambda tx: [tuple(row) for row in tx.execute(text(query), values)])

    async def change(self, statement: str) -> None:
        await self.look(lambda tx: tx.execute(text(statement)))

    # peace

    def calm(self) -> None:
        """The network is fair again."""
        for proxy in (self.door, self.database, *(side.net for side in self.sides)):
            if proxy is not None:
                proxy.plan.rates.clear()
                proxy.open.set()
        self.slack.faults.rates.clear()
        self.teams.weather.rates.clear()

    async def rest(self) -> str:
        """End all processes, start a clean one, and wait until there is nothing left to do. Tells what is
        left after a long wait."""
        self.calm()
        await self.end()
        await self.start()
        until = time.monotonic() + RESTS
        while (left := await self._left()) and time.monotonic() < until:
            await asyncio.sleep(0.3)
        return left

    async def _left(self) -> str:
        soon = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=70)
        left = [
            f"{number} {what} {state}"
            for what, query in UNFINISHED.items()
            for state, number in await self.rows(query, soon=soon)
        ]
        marks = await self.rows("select key from inbox where key like 'slot:%'")
        dates = {slot.partition("@")[0] for slot in self.slots} - {key.split(":")[1] for (key,) in marks}
        return ", ".join([*left, *(f"{date} not kept" for date in sorted(dates))])
