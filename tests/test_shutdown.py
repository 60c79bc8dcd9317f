"""`cercle serve` and SIGTERM: what was accepted is kept, what is under way is finished, and within 10 seconds
it is over, whatever Slack does."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import pytest
from sqlalchemy import create_engine, text

from bot.demo import free_port
from tests.emulators.slack import FakeSlack, Fault, Kind, SlackUser

ROOT = Path(__file__).parent.parent
LIMIT = 10.0
SECRET = "k" * 43
HANGS = Fault(Kind.SLOW, 60)
LINK = "http://127.0.0.1:9/nobody-listens"


@dataclass
class Serving:
    process: asyncio.subprocess.Process
    url: str
    site: str
    user: SlackUser

    async def code(self) -> str:
        """What makes the first lead, off the terminal."""
        assert self.process.stdout is not None
        async with asyncio.timeout(20):
            while line := (await self.process.stdout.readline()).decode():
                if found := re.search(r"/cercle lead (\S+)", line):
                    return found[1]
        raise AssertionError("no code was printed")

    async def stop(self) -> tuple[int, float]:
        """SIGTERM; the exit code, and after how many seconds."""
        began = monotonic()
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(2 * LIMIT):
            return await self.process.wait(), monotonic() - began

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                done = connection.execute(text(query))
                return [tuple(row) for row in done] if done.returns_rows else []
        finally:
            engine.dispose()


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as slack:
        slack.add_user("U1", "Camille", locale="fr-FR", tz="Europe/Paris")
        yield slack


@asynccontextmanager
async def serving(slack: FakeSlack, url: str, folder: Path) -> AsyncIterator[Serving]:
    port = free_port(0)
    site = f"http://127.0.0.1:{port}"
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "CERCLE_DATABASE_URL": url,
        "CERCLE_PORT": str(port),
        "CERCLE_BASE_URL": site,
        "CERCLE_SECRET_KEY": SECRET,
        "SLACK_SIGNING_SECRET": slack.secret,
        "SLACK_BOT_TOKEN": slack.token,
        "SLACK_API_URL": slack.api_url,
    }
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "serve"),
            cwd=folder,
            env=environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    try:
        async with aiohttp.ClientSession() as session:
            running = Serving(process, url, site, SlackUser(slack, "U1", f"{site}/slack/events", session))
            await until(lambda: ready(session, site), 30)
            yield running
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def ready(session: aiohttp.ClientSession, site: str) -> bool:
    with suppress(aiohttp.ClientError):
        async with session.get(f"{site}/readyz") as answer:
            return answer.status == 200
    return False


async def until(fine: Callable[[], Any], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not (await found if asyncio.iscoroutine(found := fine()) else found):
            await asyncio.sleep(0.05)


DRAFTS = "SELECT state, attempt, shown_version FROM message WHERE kind = 'draft'"


def notices(slack: FakeSlack) -> list[str]:
    """What the pump sent and Slack keeps, by id; replies have none."""
    return [message.notice for message in slack.all_messages() if message.notice]


async def a_send_under_way(cercle: Serving, slack: FakeSlack, fault: Fault) -> None:
    """Camille brings a link, and its card is on the wire."""
    assert (await cercle.user.command(f"lead {await cercle.code()}")).status == 200
    slack.faults.script("chat.postMessage", fault)
    assert (await cercle.user.command(f"post {LINK}")).status == 200
    await until(lambda: slack.count("chat.postMessage") == 1)


async def test_a_send_under_way_is_finished(slack: FakeSlack, database_url: str, tmp_path: Path) -> None:
    async with serving(slack, database_url, tmp_path) as cercle:
        await a_send_under_way(cercle, slack, Fault(Kind.SLOW, 1.5))
        code, seconds = await cercle.stop()
        assert (code, seconds < LIMIT) == (0, True), (tmp_path / "log").read_text()
        assert cercle.rows(DRAFTS) == [("shown", 0, 1)]
    assert len(notices(slack)) == 1


async def test_a_request_under_way_is_answered(slack: FakeSlack, database_url: str, tmp_path: Path) -> None:
    async with serving(slack, database_url, tmp_path) as cercle:
        code = await cercle.code()
        slack.faults.script("users.info", Fault(Kind.SLOW, 0.7))
        asked = asyncio.create_task(cercle.user.command(f"lead {code}"))
        await until(lambda: slack.count("users.info") == 1)
        status, seconds = await cercle.stop()
        assert (status, seconds < LIMIT) == (0, True), (tmp_path / "log").read_text()
        assert (await asked).status == 200
        assert cercle.rows("SELECT role FROM person") == [("lead",)]


async def test_when_slack_hangs_the_end_comes_all_the_same(
    slack: FakeSlack, database_url: str, tmp_path: Path
) -> None:
    """Neither a call without an answer nor a request without an end holds it; and what was claimed is looked
    for by the next process, and is there once."""
    async with serving(slack, database_url, tmp_path) as cercle:
        await a_send_under_way(cercle, slack, HANGS)
        async with endless_request(cercle.site):
            code, seconds = await cercle.stop()
        assert (code, seconds < LIMIT) == (0, True), (tmp_path / "log").read_text()
        assert cercle.rows(DRAFTS) == [("sending", 1, 0)]
        cercle.rows("UPDATE message SET lease_until = '2020-01-01 00:00:00'")
    async with serving(slack, database_url, tmp_path) as cercle:
        await until(lambda: cercle.rows(DRAFTS)[0][0] == "shown")
    assert len(notices(slack)) == 1


@asynccontextmanager
async def endless_request(site: str) -> AsyncIterator[None]:
    """A client that promises a body and never sends it."""
    _, writer = await asyncio.open_connection("127.0.0.1", int(site.rpartition(":")[2]))
    headers = "POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n"
    writer.write(f"{headers}Content-Type: application/x-www-form-urlencoded\r\n\r\npayload=".encode())
    await writer.drain()
    try:
        yield
    finally:
        writer.close()


async def test_nothing_under_way_is_over_at_once(slack: FakeSlack, tmp_path: Path) -> None:
    async with serving(slack, f"sqlite:///{tmp_path / 'cercle.sqlite3'}", tmp_path) as cercle:
        code, seconds = await cercle.stop()
    assert code == 0, (tmp_path / "log").read_text()
    assert seconds < 3
    assert '"event": "stopped"' in (tmp_path / "log").read_text()
