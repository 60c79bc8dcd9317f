"""Several pumps, several workspaces: each message once, nobody in anybody's way, first things first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert

from bot.chat.messenger import Limit, Throttled
from bot.domain.circle import Circle
from bot.domain.message import AUTHOR, Message, State
from scheduler import pump as under_test
from scheduler.pump import Pump
from storage import circles, deliveries, tables
from storage.database import Database, connect
from storage.transaction import Transaction
from tests.scheduler.world import UNPACED, Cut, World

MANY = 2_000
SECOND = timedelta(seconds=1)


@pytest.fixture
async def databases(world: World, database_url: str) -> AsyncIterator[list[Database]]:
    """As three processes have it: one each on PostgreSQL; on SQLite there is one process."""
    if database_url.startswith("sqlite"):
        yield [world.database] * 3
        return
    others = [connect(database_url) for _ in range(2)]
    for database in others:
        database.open()
    yield [world.database, *others]
    for database in others:
        await asyncio.to_thread(database.close)


async def together(world: World, pumps: list[Pump], until: int) -> None:
    """Drain them side by side until so many stand there."""
    while (await world.states())[State.SHOWN] < until:
        await asyncio.gather(*(pump.drain() for pump in pumps))
        world.clock.pass_(seconds=1)


async def test_two_pumps_send_each_of_two_thousand_once(world: World, databases: list[Database]) -> None:
    addresses = await world.circle(members=MANY)
    await world.request(addresses)
    await together(world, [world.pump(database) for database in databases[:2]], MANY)
    assert world.chat.calls["send"] == MANY
    assert all(world.shown(address) == ["s v1"] for address in addresses)


async def test_a_pace_is_shared_and_never_passed(world: World, databases: list[Database]) -> None:
    pace = Limit(20, burst=5)
    world.chat.pace = replace(UNPACED, send=pace, channel=Limit(1))
    addresses = await world.circle(members=100)
    await world.request(addresses)
    pumps, sent, began = [world.pump(database) for database in databases], [], world.clock()
    while len(sent) < 100:
        await asyncio.gather(*(pump.drain() for pump in pumps))
        sent += [world.clock()] * (world.chat.calls["send"] - len(sent))
        world.clock.pass_(seconds=0.05)
    for seconds in (1, 2):
        fastest = max(sum(at <= other < at + seconds * SECOND for other in sent) for at in sent)
        assert fastest <= pace.burst + pace.rate * seconds
    taken = (sent[-1] - began).total_seconds()
    assert (100 - pace.burst) / taken >= 0.95 * pace.rate


async def test_a_ceiling_is_not_passed_by_two(world: World, databases: list[Database]) -> None:
    (address,) = await world.circle()
    for number in range(30):
        await world.request([address], f"s{number}")

    def low(tx: Transaction) -> None:
        tx.execute(tables.member.update().values(weekly_ceiling=3))

    await world.database.transact(low)
    pumps = [world.pump(database) for database in databases]
    for _ in range(3):
        await asyncio.gather(*(pump.drain() for pump in pumps))
    assert len(world.shown(address)) == 3


async def test_what_is_not_sent_takes_nothing_of_a_ceiling(world: World) -> None:
    """In the same turn: neither what there is nothing to show of, nor what its address has to wait for."""
    (address,) = await world.circle()
    await world.database.transact(lambda tx: tx.execute(tables.member.update().values(weekly_ceiling=2)))
    for subject in ("gone1", "gone2", "s1", "s2", "s3"):
        await world.request([address], subject)
        world.clock.now += SECOND
    world.chat.pace = replace(UNPACED, channel=Limit(1))
    await world.pump().drain()
    assert world.shown(address) == ["s1 v1"]
    world.clock.now += SECOND
    await world.pump().drain()
    assert world.shown(address) == ["s1 v1", "s2 v1"]
    world.clock.now += 5 * SECOND
    await world.pump().drain()
    assert world.shown(address) == ["s1 v1", "s2 v1"]


async def test_a_claim_lost_to_another_is_not_sent(world: World, databases: list[Database]) -> None:
    """Whatever makes both think that it is theirs."""
    addresses = await world.circle(members=20)
    await world.request(addresses)
    for _ in range(5):
        await asyncio.gather(*(world.pump(database).drain() for database in databases))
    assert world.chat.calls["send"] == 20


# between workspaces


async def crowd(world: World, addresses: list[str], each: int) -> None:
    """So many rows for each of them, straight in the table."""
    await world.request(addresses, "seed")

    def multiply(tx: Transaction) -> None:
        rows = [dict(row._mapping) for row in tx.execute(tables.message.select())]
        there = {address.split(":")[1] for address in addresses}
        rows = [row for row in rows if row["address"].split(":")[1] in there]
        for number in range(each - 1):
            copies = [{**r, "id": f"{r['id'][:14]}-{number}", "subject_id": f"n{number}"} for r in rows]
            tx.execute(insert(tables.message), copies)

    await world.database.transact(multiply)


async def test_fifty_thousand_elsewhere_delay_nobody_by_a_second(world: World) -> None:
    large = await world.circle("T1", members=500)
    small = await world.circle("T2", members=5)
    await crowd(world, large, 100)
    pump = world.pump()
    await pump.round()
    await world.request(small, "quick")
    loop = asyncio.get_running_loop()
    began = loop.time()
    while not all(world.shown(address) for address in small):
        await pump.round()
        await asyncio.sleep(0)
    assert loop.time() - began < 1
    await pump.finish()


async def test_a_workspace_that_answers_nothing_delays_nobody(world: World) -> None:
    stuck = await world.circle("T1", members=200)
    quick = await world.circle("T2", members=50)
    never = asyncio.Event()

    async def before(_: str, address: str) -> None:
        if address.startswith("slack:T1:"):
            await never.wait()

    world.chat.before = before
    await world.request(stuck)
    pump = world.pump()
    running = asyncio.create_task(pump.run())
    await asyncio.sleep(0.2)
    await world.request(quick)
    pump.ring()
    async with asyncio.timeout(5):
        while not all(world.shown(address) for address in quick):
            await asyncio.sleep(0.01)
    never.set()
    pump.stop()
    await running


async def test_a_long_429_is_one_workspaces_own(world: World) -> None:
    slow, quick = await world.circle("T1", members=30), await world.circle("T2", members=30)
    await world.request(slow)
    await world.request(quick)
    world.chat.meets("send", Throttled(3600))
    await world.pump().drain()
    assert (
        sorted(len(world.shown(address)) for address in quick) == [1] * 30
        or sorted(len(world.shown(address)) for address in slow) == [1] * 30
    )
    world.clock.pass_(hours=1)
    await world.pump().drain()
    assert await world.states() == {State.SHOWN: 60}


async def test_a_workspace_whose_turn_fails_stands_in_nobodys_way(world: World) -> None:
    poisoned, well = await world.circle("T1"), await world.circle("T2")
    await world.request(poisoned)
    await world.request(well)

    def poison(tx: Transaction) -> None:
        m = tables.message.c
        tx.execute(tables.message.update().where(m.address == poisoned[0]).values(kind="of another time"))

    await world.database.transact(poison)
    await world.pump().drain()
    assert world.shown(well[0]) == ["s v1"]


# within one


async def test_what_answers_a_click_passes_before_the_many(world: World) -> None:
    addresses = await world.circle(members=4 * under_test.A_TURN)
    await world.request(addresses[1:])
    await world.pump().round()
    await world.request(addresses[:1], "answer", AUTHOR)
    order: list[str] = []

    async def before(method: str, address: str) -> None:
        order.append(address)

    world.chat.before = before
    await world.pump().round()
    await asyncio.sleep(0.2)
    assert addresses[0] in order[: 2 * under_test.A_TURN]
    await world.pump().drain()
    assert await world.states() == {State.SHOWN: len(addresses)}


async def test_a_few_of_the_many_leave_together_and_an_answer_does_not_wait_for_them(world: World) -> None:
    world.chat.pace = replace(UNPACED, send=Limit(4, burst=9))
    addresses = await world.circle(members=100)
    await world.request(addresses[1:])
    pump = world.pump()
    await pump.drain()
    assert world.chat.calls["send"] == 9
    world.clock.now += timedelta(seconds=0.25)
    await pump.drain()
    assert world.chat.calls["send"] == 9
    await world.request(addresses[:1], "answer", AUTHOR)
    pump.ring()
    await pump.drain()
    assert world.shown(addresses[0]) == ["answer v1"]
    world.clock.now += timedelta(seconds=0.25 * under_test.A_FEW)
    await pump.drain()
    assert world.chat.calls["send"] == 10 + under_test.A_FEW


async def test_what_is_looked_for_takes_its_place_among_what_is_under_way(world: World) -> None:
    doubtful = await world.circle(members=5)
    await world.request(doubtful)
    world.chat.meets("send", *[Cut("cut")] * 5)
    await world.pump().drain()
    world.clock.now += under_test.LEASE + SECOND
    for number in range(80):
        await world.request(doubtful, f"n{number}")
    thaw = asyncio.Event()

    async def before(method: str, _: str) -> None:
        if method in ("find", "send"):
            await thaw.wait()

    world.chat.before, before_it = before, world.chat.calls["send"]
    pump = world.pump()
    running = asyncio.create_task(pump.run())
    await asyncio.sleep(0.5)
    assert world.chat.calls["find"] + world.chat.calls["send"] - before_it == under_test.AT_ONCE
    thaw.set()
    pump.stop()
    await running
    await world.pump().drain()
    assert all(len(world.shown(address)) == 81 for address in doubtful)


async def test_a_place_that_becomes_free_is_taken_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pause in ("GATHER", "IDLE"):
        monkeypatch.setattr(under_test, pause, timedelta(hours=1))
    addresses = await world.circle(members=under_test.AT_ONCE + 1)
    await world.request(addresses)
    thaw = asyncio.Event()

    async def before(method: str, _: str) -> None:
        if method == "send":
            await thaw.wait()

    world.chat.before = before
    pump = world.pump()
    running = asyncio.create_task(pump.run())
    async with asyncio.timeout(30):
        while world.chat.calls["send"] < under_test.AT_ONCE:
            await asyncio.sleep(0.01)
        await asyncio.sleep(2 * under_test.CATCH_UP.total_seconds())
        thaw.set()
        while world.chat.calls["send"] < len(addresses):
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait([running])
    await pump.finish()


async def test_the_first_ring_is_answered_at_once_and_those_after_it_together(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody who pressed waits for others who might."""
    for pause in ("GATHER", "IDLE"):
        monkeypatch.setattr(under_test, pause, timedelta(hours=1))
    counted = 0.0
    monkeypatch.setattr(under_test, "monotonic", lambda: counted)
    first, second = await world.circle(members=2)
    pump = world.pump()
    running = asyncio.create_task(pump.run())
    await asyncio.sleep(0.1)
    counted += under_test.GATHER.total_seconds()
    await world.request([first])
    pump.ring()
    async with asyncio.timeout(30):
        while not world.shown(first):
            await asyncio.sleep(0.01)
    await world.request([second])
    pump.ring()
    await asyncio.sleep(0.2)
    assert not world.shown(second)
    running.cancel()
    await asyncio.wait([running])
    await pump.finish()


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many of what is due were asked for at a time."""
    asked: list[int] = []
    due = deliveries.due

    def counting(tx: Transaction, workspace_id: str, rank: int, now: datetime, most: int) -> list[Message]:
        asked.append(most)
        return due(tx, workspace_id, rank, now, most)

    monkeypatch.setattr(deliveries, "due", counting)
    return asked


async def test_no_more_are_looked_at_than_may_leave(world: World, looked_at: list[int]) -> None:
    world.chat.pace = replace(UNPACED, send=Limit(4, burst=9))
    await world.request(await world.circle(members=100))
    await world.pump().drain()
    world.clock.now += timedelta(seconds=1)
    await world.pump().drain()
    assert looked_at == [9, 4]
    assert world.chat.calls["send"] == 13


async def test_of_those_that_have_to_wait_twice_as_many_are_looked_at_each_time(
    world: World, looked_at: list[int]
) -> None:
    world.chat.pace = replace(UNPACED, channel=Limit(0.01))
    addresses = await world.circle(members=100)
    await world.request(addresses)
    await world.pump().drain()
    world.chat.pace = replace(world.chat.pace, send=Limit(4, burst=9))
    world.clock.now += timedelta(minutes=1)
    await world.request(addresses, "another")
    looked_at.clear()
    await world.pump().drain()
    assert looked_at == [9, 18, 36, 72]
    assert world.chat.calls["send"] == 100


async def test_changes_that_wait_for_their_pace_do_not_hold_up_news(world: World) -> None:
    world.chat.pace = replace(UNPACED, update=Limit(0.01))
    addresses = await world.circle(members=100)
    await world.request(addresses)
    await world.pump().drain()
    await world.change()
    await world.pump().drain()
    await world.request(addresses[:3], "news")
    await world.pump().drain()
    assert all("news v1" in world.shown(address) for address in addresses[:3])
    assert world.chat.calls["update"] == 1


# coming and going


async def test_stopping_waits_for_what_is_under_way(world: World) -> None:
    (address,) = await world.circle()
    await world.request([address])

    async def before(method: str, _: str) -> None:
        await asyncio.sleep(0.2)

    world.chat.before = before
    pump = world.pump()
    running = asyncio.create_task(pump.run())
    await asyncio.sleep(0.1)
    pump.stop()
    await running
    assert await world.states() == {State.SHOWN: 1}


async def test_what_was_being_claimed_when_it_was_told_to_stop_still_leaves(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (address,) = await world.circle()
    await world.request([address])
    pump = world.pump()
    loop, take_turn = asyncio.get_running_loop(), circles.take_turn

    def told(tx: Transaction, workspace_id: str) -> Circle | None:
        loop.call_soon_threadsafe(pump.stop)
        return take_turn(tx, workspace_id)

    monkeypatch.setattr(circles, "take_turn", told)
    await pump.run()
    assert await world.states() == {State.SHOWN: 1}


async def test_stopping_does_not_wait_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "FINISH", 0.1)
    (address,) = await world.circle()
    await world.request([address])

    async def before(method: str, _: str) -> None:
        if method == "send":
            await asyncio.sleep(60)

    world.chat.before = before
    pump = world.pump()
    await pump.round()
    await asyncio.sleep(0.05)
    await pump.finish()
    assert await world.states() == {State.SENDING: 1}
    world.chat.before = None
    world.clock.pass_(seconds=61)
    await world.pump().drain()
    assert world.shown(address) == ["s v1"]


async def test_an_outcome_is_written_when_the_database_is_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.outcomes.AGAIN", 0.01)
    (address,) = await world.circle()
    await world.request([address])
    away = iter([True, True])

    class Flaky:
        async def read(self, work):  # type: ignore[no-untyped-def]
            return await world.database.read(work)

        async def transact(self, work):  # type: ignore[no-untyped-def]
            if world.chat.calls["send"] and next(away, False):
                raise OSError("the database is away")
            return await world.database.transact(work)

    world.chat.tells = False
    await world.pump(Flaky()).drain()  # type: ignore[arg-type]
    assert await world.states() == {State.SHOWN: 1}


async def test_a_claim_that_cannot_be_looked_at_is_not_sent(world: World) -> None:
    (address,) = await world.circle()
    await world.request([address])

    class Blind:
        async def read(self, work):  # type: ignore[no-untyped-def]
            raise OSError("the database is away")

        async def transact(self, work):  # type: ignore[no-untyped-def]
            return await world.database.transact(work)

    async def before(method: str, _: str) -> None:
        if method == "reach":
            world.clock.pass_(seconds=2)

    world.chat.before = before
    await world.pump(Blind()).drain()  # type: ignore[arg-type]
    assert world.chat.calls["send"] == 0
    world.chat.before = None
    world.clock.pass_(seconds=5)
    await world.pump().drain()
    assert world.shown(address) == ["s v1"]
    assert world.chat.calls["send"] == 1
