"""The proxy spoils what its plan says, and nothing else: else every test above it proves nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import psycopg
import pytest
from sqlalchemy import make_url

from tests.emulators.proxy import Fault, Plan, Proxy

LONG = 1 << 20


@dataclass
class Shouter:
    """Answers every line in capitals, and keeps it."""

    heard: list[bytes] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            self.heard.append(line)
            writer.write(line.upper())
        writer.close()

    async def until(self, heard: int) -> None:
        async with asyncio.timeout(3):
            while len(self.heard) < heard:
                await asyncio.sleep(0.01)


@pytest.fixture
async def shouter() -> AsyncIterator[Shouter]:
    shouter = Shouter()
    server = await asyncio.start_server(shouter.serve, "127.0.0.1", limit=LONG)
    shouter.port = server.sockets[0].getsockname()[1]
    yield shouter
    server.close()


@pytest.fixture
async def proxy(shouter: Shouter) -> AsyncIterator[Proxy]:
    proxy = Proxy(lambda: ("127.0.0.1", shouter.port), Plan(delay=0.4, late=(0.2, 0.3)))
    await proxy.start()
    yield proxy
    await proxy.close()


@dataclass
class Caller:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, line: bytes) -> bytes:
        """The answer, or as much of it as came."""
        self.writer.write(line)
        try:
            async with asyncio.timeout(3):
                return await self.reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            return error.partial


@pytest.fixture
async def caller(proxy: Proxy) -> AsyncIterator[Caller]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port, limit=LONG)
    yield Caller(reader, writer)
    writer.close()


async def test_a_fair_network_passes_everything_on(caller: Caller, proxy: Proxy, shouter: Shouter) -> None:
    for line in (b"one\n", b"two\n", b"x" * 200_000 + b"\n"):
        assert await caller.ask(line) == line.upper()
    assert proxy.spoilt == []
    assert proxy.plan.met == {}


async def test_a_last_word_arrives_whole() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * LONG)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1")
    proxy = Proxy(lambda: server.sockets[0].getsockname())
    await proxy.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert len(await reader.read(-1)) == LONG
    writer.close()
    await proxy.close()
    server.close()


async def test_a_reset_passes_nothing_on(caller: Caller, proxy: Proxy, shouter: Shouter) -> None:
    proxy.plan.script(Fault.RESET)
    with pytest.raises(ConnectionResetError):
        await caller.ask(b"one\n")
    assert shouter.heard == []


@pytest.mark.parametrize(
    ("fault", "came"), [(Fault.CUT, b""), (Fault.HALF_CLOSE, b""), (Fault.TRUNCATE, b"ON")]
)
async def test_what_was_done_and_not_answered(
    caller: Caller, proxy: Proxy, shouter: Shouter, fault: Fault, came: bytes
) -> None:
    proxy.plan.script(fault)
    try:
        assert await caller.ask(b"one\n") == came
    except ConnectionResetError:
        assert fault is not Fault.HALF_CLOSE
    assert shouter.heard == [b"one\n"]
    assert proxy.spoilt == [b"ONE\n"]
    assert proxy.plan.met == {fault: 1}


async def test_a_late_request_is_heard_after_whoever_asked_has_left(
    caller: Caller, proxy: Proxy, shouter: Shouter
) -> None:
    proxy.plan.script(Fault.LATE)
    caller.writer.write(b"one\n")
    await asyncio.sleep(0.05)
    caller.writer.close()
    assert shouter.heard == []
    await shouter.until(heard=1)
    async with asyncio.timeout(3):
        while proxy.spoilt != [b"ONE\n"]:
            await asyncio.sleep(0.01)


async def test_whoever_hangs_up_upon_an_answer_did_not_wait_for_it(
    caller: Caller, proxy: Proxy, shouter: Shouter
) -> None:
    assert await caller.ask(b"one\n") == b"ONE\n"
    assert await caller.ask(b"two\n") == b"TWO\n"
    assert proxy.spoilt == []
    caller.writer.close()
    async with asyncio.timeout(3):
        while proxy.spoilt != [b"TWO\n"]:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("fault", [Fault.DELAY, Fault.DRIP])
async def test_a_slow_answer_is_whole(caller: Caller, proxy: Proxy, shouter: Shouter, fault: Fault) -> None:
    proxy.plan.script(fault)
    began = time.monotonic()
    assert await caller.ask(b"a longer line\n") == b"A LONGER LINE\n"
    assert time.monotonic() - began > 0.01
    assert await caller.ask(b"two\n") == b"TWO\n"
    assert proxy.plan.met == {fault: 1}


async def test_only_what_is_meant_is_spoilt_and_a_seed_repeats(proxy: Proxy) -> None:
    def drawn(seed: int) -> list[Fault | None]:
        plan = Plan({Fault.CUT: 0.3, Fault.DELAY: 0.3}, seed, only=b"postMessage")
        return [plan.next(b"POST /api/chat.postMessage") for _ in range(50)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert set(drawn(1)) == {Fault.CUT, Fault.DELAY, None}
    assert Plan({Fault.CUT: 1}, only=b"postMessage").next(b"POST /api/users.info") is None


async def test_shut_nothing_passes_until_it_opens(caller: Caller, proxy: Proxy, shouter: Shouter) -> None:
    proxy.open.clear()
    asked = asyncio.create_task(caller.ask(b"one\n"))
    await asyncio.sleep(0.1)
    assert shouter.heard == []
    proxy.open.set()
    assert await asked == b"ONE\n"


async def test_nobody_upstream_is_a_connection_that_ends(proxy: Proxy, shouter: Shouter) -> None:
    nobody = Proxy(lambda: "/nowhere/at/all")
    await nobody.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", nobody.port)
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
    await nobody.close()


async def test_postgresql_is_spoken_through_it_and_a_lost_commit_is_done_all_the_same(
    postgres_url: str,
) -> None:
    where = make_url(postgres_url)
    proxy = Proxy(lambda: f"{where.query['host']}/.s.PGSQL.5432", Plan(only=b"COMMIT"))
    await proxy.start()
    through = f"postgresql://postgres@127.0.0.1:{proxy.port}/{where.database}"

    async with await psycopg.AsyncConnection.connect(through) as connection:
        await connection.execute("create table seen (n int)")
        await connection.commit()
        proxy.plan.script(Fault.CUT)
        await connection.execute("insert into seen values (1)")
        with pytest.raises(psycopg.OperationalError):
            await connection.commit()
    async with await psycopg.AsyncConnection.connect(through) as connection:
        found = await connection.execute("select n from seen")
        assert await found.fetchall() == [(1,)]
    await proxy.close()
