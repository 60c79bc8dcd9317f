"""`cercle worker` as a process: any number beside each other on one PostgreSQL, none on a SQLite file."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text

from bot.app import ROUTER, utc_now
from bot.chat.event import Command, Sender
from bot.chat.reply import Say
from bot.demo import free_port
from bot.dispatch import Dispatcher
from bot.replies import Replies
from handlers.team.service import first_code
from scheduler.engine import upgrade
from storage import jobs
from storage.engines.connect import connect
from storage.engines.database import Database
from tests import databases
from tests.emulators.slack import FakeSlack

ROOT = Path(__file__).parents[2]
SITE = "https://cercle.example"
LIMIT = 10.0
CAMILLE = Sender("slack", "T1", "U1", "Camille", "en-GB", "Europe/Paris")
PLAIN = "from bot.__main__ import main; main()"
IDLE = "from datetime import timedelta; from scheduler.pump import loop; loop.IDLE = timedelta(hours=1)"
DEAF = f"{IDLE}; {PLAIN}"
"""A process whose pump looks at the tables only when it is notified."""


def environ(url: str, slack: FakeSlack | None = None) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "NO_COLOR": "1",
        "CERCLE_DATABASE_URL": url,
        "CERCLE_BASE_URL": SITE,
        "CERCLE_SECRET_KEY": "k" * 43,
        "SLACK_SIGNING_SECRET": "5" * 32,
        "SLACK_BOT_TOKEN": slack.token if slack else "xoxb-1-2-3",
        "SLACK_API_URL": slack.api_url if slack else "http://127.0.0.1:9/api/",
    }


@dataclass
class Worker:
    process: asyncio.subprocess.Process
    log: Path

    def said(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def events(self) -> list[str]:
        return [line["event"] for line in self.said()]

    async def stop(self) -> tuple[int, float]:
        """SIGTERM; the exit code, and after how many seconds."""
        began = monotonic()
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(2 * LIMIT):
            return await self.process.wait(), monotonic() - began


@asynccontextmanager
async def working(
    url: str, folder: Path, slack: FakeSlack | None = None, program: str = PLAIN, **more: str
) -> AsyncIterator[Worker]:
    """Started; whether it works is seen in its log."""
    with (folder / f"log-{monotonic()}").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program, "worker"),
            env=environ(url, slack) | more,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=log,
        )
    worker = Worker(process, Path(log.name))
    try:
        yield worker
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def until(fine: Callable[[], object], seconds: float = 30) -> float:
    """Waits for it; tells how many seconds that took."""
    began = monotonic()
    async with asyncio.timeout(seconds):
        while not fine():
            await asyncio.sleep(0.01)
    return monotonic() - began


async def ready(*workers: Worker) -> None:
    await until(lambda: all("working" in worker.events() for worker in workers))


@dataclass
class Office:
    """A process that hears, defers, and sends nothing itself."""

    database: Database
    dispatch: Dispatcher

    async def hears(self, words: str, channel: str = "") -> None:
        key = f"{words} {channel}"
        answer = await self.dispatch(Command(key, CAMILLE, words, f"slack:T1:{channel}" if channel else ""))
        assert isinstance(answer.reply, Say), answer

    async def count(self, table: str) -> int:
        question = text(f"SELECT count(*) FROM {table}")
        return await self.database.transact(lambda tx: tx.execute(question).scalar_one())


@pytest.fixture
async def office(postgres_url: str) -> AsyncIterator[Office]:
    """Camille leads the circle."""
    database = connect(postgres_url)
    database.open()
    database.defer = jobs.defer
    made = Office(database, Dispatcher(database, ROUTER, SITE, utc_now, Replies(ROUTER, "0" * 32)))
    await made.hears(f"lead {await database.transact(partial(first_code, now=utc_now()))}")
    yield made
    await asyncio.to_thread(database.close)


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as slack:
        slack.add_user("U1", "Camille")
        for number in range(12):
            slack.add_channel(f"C{number}")
        yield slack
        assert slack.complaints == []


def arrived(slack: FakeSlack) -> Counter[str]:
    return Counter(message.channel for message in slack.all_messages())


async def test_a_job_deferred_by_one_process_wakes_the_pump_of_another(
    slack: FakeSlack, office: Office, postgres_url: str, tmp_path: Path
) -> None:
    """The worker's own look would come an hour later."""
    async with working(postgres_url, tmp_path, slack, DEAF) as worker:
        await ready(worker)
        took = []
        for channel in ("C0", "C1"):
            await asyncio.sleep(1)  # what was sent is written down, and the pump at rest
            await office.hears("call", channel)
            took.append(await until(lambda: arrived(slack)[channel]))  # noqa: B023
        assert min(took) < 0.8
        await asyncio.sleep(1)
        office.database.defer = None
        await office.hears("call", "C2")
        await asyncio.sleep(1.5)
        assert arrived(slack) == Counter(C0=1, C1=1)


async def test_asked_how_it_is_it_tells_what_it_sent_and_lets_nobody_in(
    slack: FakeSlack, office: Office, postgres_url: str, tmp_path: Path
) -> None:
    port = free_port(0)
    here = f"http://127.0.0.1:{port}"
    async with (
        working(postgres_url, tmp_path, slack, CERCLE_WORKER_PORT=str(port)) as worker,
        aiohttp.ClientSession() as session,
    ):
        await ready(worker)
        await office.hears("call", "C0")
        await until(lambda: arrived(slack)["C0"])
        sent = 'cercle_sends_total{method="send",platform="slack",result="shown"} 1.0'
        async with asyncio.timeout(10):
            while sent not in await (await session.get(f"{here}/metrics")).text():
                await asyncio.sleep(0.05)
        for path, status in (("healthz", 200), ("readyz", 200), ("s/x", 404)):
            assert (await session.get(f"{here}/{path}")).status == status
        for door in ("slack/events", "api/messages"):
            assert (await session.post(f"{here}/{door}")).status == 404


async def test_without_a_port_it_listens_nowhere(postgres_url: str, tmp_path: Path) -> None:
    port = free_port(0)
    async with working(postgres_url, tmp_path, CERCLE_PORT=str(port)) as worker:
        await ready(worker)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_emptying_the_queue_in_mid_run_loses_nothing(
    slack: FakeSlack, office: Office, postgres_url: str, tmp_path: Path
) -> None:
    tables = "procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers, procrastinate_workers"
    async with working(postgres_url, tmp_path, slack) as one, working(postgres_url, tmp_path, slack) as two:
        await ready(one, two)
        for number in range(12):
            await office.hears("call", f"C{number}")
            if number % 4 == 3:
                await office.database.transact(lambda tx: tx.execute(text(f"TRUNCATE {tables}")))
        seconds = await until(lambda: len(arrived(slack)) == 12)
        assert arrived(slack) == Counter(f"C{number}" for number in range(12))
        assert seconds < 15
        async with asyncio.timeout(30):
            while await office.count("procrastinate_workers") < 2:
                await asyncio.sleep(0.1)
        assert await office.count("procrastinate_periodic_defers") > 0


async def test_two_that_start_together_on_an_empty_database(tmp_path: Path) -> None:
    """And end when they are told to, in time."""
    with databases.bare() as url:
        async with working(url, tmp_path) as one, working(url, tmp_path) as two:
            await ready(one, two)
            ends = await asyncio.gather(one.stop(), two.stop())
            assert [code for code, _ in ends] == [0, 0], one.said() + two.said()
            assert max(seconds for _, seconds in ends) < LIMIT
            assert one.events()[-2:] == two.events()[-2:] == ["working", "stopped"]
            assert "Traceback" not in one.log.read_text() + two.log.read_text()


async def test_the_end_comes_in_time_while_the_server_is_away(tmp_path: Path) -> None:
    server = databases.Server()
    try:
        upgrade(server.address())
        async with working(server.address(), tmp_path) as worker:
            await ready(worker)
            server.stop_at_once()
            await asyncio.sleep(1)
            code, seconds = await worker.stop()
            assert (code, seconds < LIMIT) == (0, True)
    finally:
        server.end()


def test_a_file_has_no_place_for_a_worker(sqlite_url: str) -> None:
    words = (sys.executable, "-m", "bot", "worker")
    done = subprocess.run(words, env=environ(sqlite_url), capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (2, "")
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("A worker shares a PostgreSQL database")
    assert "CERCLE_DATABASE_URL" in sentence
    assert "`cercle serve`" in sentence
