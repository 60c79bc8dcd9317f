"""The queue that processes on one PostgreSQL share: a bell that may break, and a clock that ticks once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest
import time_machine
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from bot.domain.message import POST
from handlers.membership.service import found_circle
from scheduler import queue
from scheduler.engine import upgrade
from scheduler.queue import LEAP, STOP, Queue, cron
from scheduler.timetable import TIMETABLE, Job, Tools
from storage import jobs, messages, people
from storage.engines.connect import connect
from storage.engines.database import Database, Unavailable
from storage.jobs import Schema
from storage.messages import Recipient
from storage.transaction import CircleTransaction, Transaction
from tests import databases

SECOND = timedelta(seconds=1)
THEIRS = ("jobs", "events", "periodic_defers", "workers")
TRUNCATE = f"TRUNCATE {', '.join(f'procrastinate_{name}' for name in THEIRS)}"
LOOKS = "SELECT args ->> 'workspace' FROM procrastinate_jobs WHERE task_name = 'look' ORDER BY id"


def now() -> datetime:
    return datetime.now(UTC)


async def until(fine: Callable[[], object], seconds: float = 20) -> float:
    """Waits for it; tells how many seconds that took."""
    began = monotonic()
    async with asyncio.timeout(seconds):
        while not fine():
            await asyncio.sleep(0.02)
    return monotonic() - began


@dataclass
class Process:
    """What the queue touches of one: its database, its pump's bell, and what it does each second."""

    database: Database
    ticks: list[float] = field(default_factory=list)
    rings: int = 0

    def ring(self) -> None:
        self.rings += 1

    async def tick(self, _: str) -> str:
        self.ticks.append(monotonic())
        return ""

    def queue(self) -> Queue:
        assert self.database.server
        return Queue(Tools(self.database, self.tick, now), self.ring, self.database.server)

    async def do(self, statement: str) -> list[Any]:
        def execute(tx: Transaction) -> list[Any]:
            done = tx.execute(text(statement))
            return list(done.scalars()) if done.returns_rows else []

        return await self.database.transact(execute)

    async def press(self, team: str = "T1", *, fail: bool = False) -> str:
        """Somebody makes a message due; returns the workspace."""

        def work(tx: Transaction) -> str:
            circle, workspace = home_of(tx, team)
            there = Recipient.channel(workspace, f"slack:{team}:{monotonic()}")
            messages.request(CircleTransaction(tx, circle), POST, "s", [there], now())
            if fail:
                raise ValueError("on purpose")
            return workspace

        return await self.database.transact(work)


def home_of(tx: Transaction, team: str) -> tuple[str, str]:
    """The circle of a Slack team, made when it is not there, and its workspace."""
    who = "slack", team, "U1"
    if people.find(tx, *who) is None:
        found_circle(tx, "slack", team, "en", "UTC", now())
        people.add(tx, *who, zone="UTC")
    found = people.find(tx, *who)
    assert found
    return found[0].id, found[1].workspace_id


@asynccontextmanager
async def process(url: str) -> AsyncIterator[Process]:
    """It defers, and takes nothing up."""
    database = connect(url)
    database.open()
    database.defer = jobs.defer
    try:
        yield Process(database)
    finally:
        await asyncio.to_thread(database.close)


@asynccontextmanager
async def working(url: str) -> AsyncIterator[Process]:
    """With its part of the queue."""
    async with process(url) as made:
        part = made.queue()
        part.start()
        try:
            yield made
        finally:
            await part.stop()


@pytest.fixture(autouse=True)
def every_second(monkeypatch: pytest.MonkeyPatch) -> None:
    timetable = (Job("count", SECOND, lambda tools: tools.read_page("")),)
    monkeypatch.setattr(queue, "TIMETABLE", timetable)


# Deferred in the transaction that makes the rows


async def test_a_job_is_there_when_its_transaction_is(postgres_url: str) -> None:
    async with process(postgres_url) as one:
        workspace = await one.press()
        assert await one.do(LOOKS) == [workspace]


async def test_a_job_is_gone_when_its_transaction_is(postgres_url: str) -> None:
    async with process(postgres_url) as one:
        with pytest.raises(ValueError, match="on purpose"):
            await one.press(fail=True)
        assert await one.do(LOOKS) == []


async def test_one_that_waits_stands_for_all_that_happened_there(postgres_url: str) -> None:
    async with process(postgres_url) as one, process(postgres_url) as other:
        workspaces = [await one.press(team) for team in ("T1", "T2")]
        for team in ("T1", "T2") * 5:
            await other.press(team)
        assert await one.do(LOOKS) == workspaces
        await one.do("UPDATE procrastinate_jobs SET status = 'doing'")
        await other.press("T1")
        assert await one.do(LOOKS) == [*workspaces, workspaces[0]]


async def test_a_process_defers_one_look_at_a_circle_while_pumps_gather(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "TIMETABLE", ())
    monkeypatch.setattr(queue, "REST", 0.5)
    async with working(postgres_url) as one:
        began, deferred = monotonic(), 0
        while deferred < 2 and monotonic() - began < 30:
            await one.press()
            (deferred,) = await one.do("SELECT last_value FROM procrastinate_jobs_id_seq")
        assert 2 <= deferred <= (monotonic() - began) / 0.5 + 2


async def test_a_broken_bell_stops_nobody(postgres_url: str) -> None:
    async with process(postgres_url) as one:
        await one.do("DROP TABLE procrastinate_jobs CASCADE")
        await one.press()
        assert await one.do("SELECT count(*) FROM message") == [1]


async def test_a_connection_that_fails_meanwhile_is_told(postgres_url: str) -> None:
    """And nothing is taken for committed."""
    async with process(postgres_url) as one, process(postgres_url) as other:

        def work(tx: Transaction) -> None:
            circle, workspace = home_of(tx, "T1")
            messages.request(
                CircleTransaction(tx, circle), POST, "s", [Recipient.channel(workspace, "slack:T1:U1")], now()
            )
            pid = tx.execute(text("SELECT pg_backend_pid()")).scalar_one()
            killed.append(
                asyncio.run_coroutine_threadsafe(
                    other.do(f"SELECT pg_terminate_backend({pid}, 5000)"), loop
                ).result()
            )

        killed: list[list[Any]] = []
        loop = asyncio.get_running_loop()
        with pytest.raises(OperationalError):
            await one.database.transact(work)
        assert killed == [[True]]
        assert await other.do("SELECT count(*) FROM message") == [0]


# What the other processes do of it


async def test_who_makes_it_due_wakes_another_process(postgres_url: str) -> None:
    async with process(postgres_url) as one, working(postgres_url) as other:
        await until(lambda: other.ticks)
        took = []
        for _ in range(3):
            rings = other.rings
            await one.press()
            took.append(await until(lambda: other.rings > rings))  # noqa: B023
            await asyncio.sleep(0.2)
        assert min(took) < 0.3


async def test_of_two_processes_one_ticks(postgres_url: str) -> None:
    async with working(postgres_url) as one, working(postgres_url) as other:
        seconds = 3 + await until(lambda: one.ticks + other.ticks)
        await asyncio.sleep(3)
        assert 2 <= len(one.ticks + other.ticks) <= seconds + 1


async def test_a_tick_that_takes_long_is_not_begun_twice(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []

    async def long(_: Tools) -> None:
        begun.append(monotonic())
        await asyncio.sleep(2.5)

    monkeypatch.setattr(queue, "TIMETABLE", (Job("long", SECOND, long),))
    async with working(postgres_url) as one:
        await until(lambda: begun)
        await one.press()
        await until(lambda: one.rings)
        await asyncio.sleep(1.2)
        assert len(begun) == 1


async def test_nothing_that_is_done_stays(postgres_url: str) -> None:
    async with working(postgres_url) as one:
        await until(lambda: len(one.ticks) > 2)
        for _ in range(3):
            await one.press()
            await asyncio.sleep(0.15)
        await until(lambda: one.rings > 2)
    async with process(postgres_url) as one:
        counts = {name: (await one.do(f"SELECT count(*) FROM procrastinate_{name}"))[0] for name in THEIRS}
    assert counts == {"jobs": 0, "events": 0, "periodic_defers": 1, "workers": 0}


async def test_what_a_dead_process_left_is_taken_away(postgres_url: str) -> None:
    async with process(postgres_url) as one:
        await one.press()
        await one.do("UPDATE procrastinate_jobs SET status = 'doing'")
        async with working(postgres_url) as other:
            await until(lambda: other.ticks)
            assert await one.do(LOOKS) == []


# What may happen to it


async def goes_on(one: Process, url: str, within: float) -> None:
    """Ticks, and rings for others, both anew."""
    ticks, rings = len(one.ticks), one.rings
    await until(lambda: len(one.ticks) > ticks, within)
    async with process(url) as other:
        await other.press()
        await until(lambda: one.rings > rings, within)


async def test_all_its_tables_are_emptied_again_and_again(postgres_url: str) -> None:
    async with process(postgres_url) as other, working(postgres_url) as one:
        await until(lambda: one.ticks)
        for _ in range(2):
            await other.press()
            await other.do(TRUNCATE)
            await goes_on(one, postgres_url, 15)
            assert await other.do("SELECT count(*) FROM procrastinate_workers") == [1]
            assert await other.do("SELECT count(*) FROM procrastinate_periodic_defers") == [1]


@pytest.fixture(scope="module")
def server() -> Iterator[databases.Server]:
    """Of these tests alone, to be stopped."""
    server = databases.Server()
    upgrade(server.address())
    yield server
    server.end()


async def test_the_server_stops_at_once_and_comes_back(server: databases.Server) -> None:
    """Told in a few lines, whatever that takes."""
    async with working(server.address()) as one:
        await until(lambda: one.ticks)
        with capture_logs() as said:
            server.stop_at_once()
            await asyncio.sleep(1)
            server.start()
            await goes_on(one, server.address(), 30)
    assert 1 <= len(said) < 12
    assert {line["event"] for line in said} <= {"queue.trouble", "queue.ended", "queue.failed"}
    assert not any("exc_info" in line or "\n" in line.get("reason", "") for line in said)


async def test_it_stops_in_time_while_the_server_is_away(server: databases.Server) -> None:
    async with process(server.address()) as one:
        part = one.queue()
        part.start()
        await until(lambda: one.ticks)
        server.stop_at_once()
        began = monotonic()
        await part.stop()
        assert monotonic() - began < STOP + 0.5


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(hours=1)])
async def test_the_clock_on_the_wall_is_set(postgres_url: str, jump: timedelta) -> None:
    """It ticks on, and does not make up for an hour of ticks."""
    async with working(postgres_url) as one:
        await until(lambda: one.ticks)
        with time_machine.travel(datetime.now(UTC) + jump, tick=True):
            seen = len(one.ticks)
            seconds = await until(lambda: len(one.ticks) > seen, 10)
            await asyncio.sleep(2)
            assert len(one.ticks) - seen <= seconds + 2 + LEAP
            seen = len(one.ticks)
            await until(lambda: len(one.ticks) > seen, 10)


async def test_what_comes_late_is_let_go(postgres_url: str) -> None:
    async with process(postgres_url) as one:
        await one.do(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args) SELECT 'cercle', 'count', "
            "jsonb_build_object('timestamp', 1764000000 + n) FROM generate_series(1, 50) AS n"
        )
        async with working(postgres_url) as other:
            await until(lambda: len(other.ticks) > 1)
            assert len(other.ticks) < 10
        assert await one.do("SELECT count(*) FROM procrastinate_jobs") == [0]


async def test_a_job_that_does_not_end_is_cut_off(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "GRACE", 0.2)
    ends = []

    async def hangs(_: Tools) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ends.append(monotonic())

    monkeypatch.setattr(queue, "TIMETABLE", (Job("hangs", SECOND, hangs),))
    async with process(postgres_url) as one:
        part = one.queue()
        part.start()
        await until(lambda: part._ticking)
        began = monotonic()
        await part.stop()
        assert ends
        assert monotonic() - began < 2


# Its schema, and its place


def test_every_tick_of_the_timetable_has_a_cron() -> None:
    assert [cron(job.every) for job in TIMETABLE]
    assert cron(timedelta(seconds=15)) == "* * * * * */15"


@pytest.mark.parametrize("every", [timedelta(0), 7 * SECOND, 90 * SECOND, 0.5 * SECOND])
def test_a_tick_that_no_cron_can_tell_is_refused(every: timedelta) -> None:
    with pytest.raises(ValueError, match="does not divide a minute"):
        cron(every)


@pytest.fixture
def bare() -> Iterator[str]:
    with databases.bare() as url:
        yield url


def at(url: str) -> str:
    made = create_engine(url)
    with made.connect() as tx:
        step = jobs.installed(tx)
    made.dispose()
    return step


ORDERS = Schema("CREATE TABLE procrastinate_jobs (id int)", {"01_first": "none", "02_second": "none"})


def test_an_empty_database_gets_the_whole_and_nothing_twice(bare: str) -> None:
    assert at(bare) == ""
    for _ in range(2):
        jobs.install(bare, ORDERS)
        assert at(bare) == "02_second"


def test_what_is_new_is_done_in_order_and_once(bare: str) -> None:
    jobs.install(bare, ORDERS)
    more = {
        "10_last": "ALTER TABLE procrastinate_jobs RENAME a TO b",
        "03_third": "ALTER TABLE procrastinate_jobs ADD a int; ALTER TABLE procrastinate_jobs DROP id",
    }
    newer = Schema("none", {**ORDERS.steps, **more})
    for _ in range(2):
        jobs.install(bare, newer)
        assert at(bare) == "10_last"
    jobs.install(bare, ORDERS)  # an older Cercle, beside the new one for a while
    assert at(bare) == "10_last"


def test_a_step_that_fails_leaves_the_one_before(bare: str) -> None:
    jobs.install(bare, ORDERS)
    broken = Schema("none", {**ORDERS.steps, "03": "ALTER TABLE procrastinate_jobs ADD a int", "04": "oh"})
    with pytest.raises(Unavailable, match="syntax error"):
        jobs.install(bare, broken)
    assert at(bare) == "03"


def test_what_the_installed_procrastinate_brings_is_what_stands_there(postgres_url: str) -> None:
    assert at(postgres_url) == queue.schema().newest
    assert sorted(queue.schema().steps)[0] == "00.00.00_01_initial"


def test_a_file_has_a_clock_of_its_own_and_loads_no_queue(sqlite_url: str) -> None:
    program = (
        "import sys; from bot.serving import upgrade; from bot.app import from_settings; "
        f"from bot.settings import load; upgrade({sqlite_url!r}); "
        f"from_settings(load({{'CERCLE_DATABASE_URL': {sqlite_url!r}}})); "
        "print([name for name in sys.modules if name in ('procrastinate', 'psycopg', 'apscheduler')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "['apscheduler']\n", done.stderr
