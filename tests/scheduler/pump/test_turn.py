"""Turns of one workspace by several pumps: each message once, within every limit, first things first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.chat.messenger import Limit
from bot.domain.message import AUTHOR, Message, State
from scheduler.pump import Pump, limits, under_way
from storage import deliveries, tables
from storage.engines.connect import connect
from storage.engines.database import Database
from storage.transaction import Transaction
from tests.scheduler.world import UNPACED, World

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


async def test_a_rate_limit_is_shared_and_never_passed(world: World, databases: list[Database]) -> None:
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


async def test_what_answers_a_click_passes_before_the_many(world: World) -> None:
    addresses = await world.circle(members=4 * under_way.A_TURN)
    await world.request(addresses[1:])
    await world.pump().round()
    await world.request(addresses[:1], "answer", AUTHOR)
    order: list[str] = []

    async def before(method: str, address: str) -> None:
        order.append(address)

    world.chat.before = before
    await world.pump().round()
    await asyncio.sleep(0.2)
    assert addresses[0] in order[: 2 * under_way.A_TURN]
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
    pump.notify()
    await pump.drain()
    assert world.shown(addresses[0]) == ["answer v1"]
    world.clock.now += timedelta(seconds=0.25 * limits.A_FEW)
    await pump.drain()
    assert world.chat.calls["send"] == 10 + limits.A_FEW


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many of what is due were asked for at a time."""
    numbers: list[int] = []
    due = deliveries.due

    def counting(tx: Transaction, workspace_id: str, rank: int, now: datetime, most: int) -> list[Message]:
        numbers.append(most)
        return due(tx, workspace_id, rank, now, most)

    monkeypatch.setattr(deliveries, "due", counting)
    return numbers


async def test_no_more_are_read_than_may_leave(world: World, asked: list[int]) -> None:
    world.chat.pace = replace(UNPACED, send=Limit(4, burst=9))
    await world.request(await world.circle(members=100))
    await world.pump().drain()
    world.clock.now += timedelta(seconds=1)
    await world.pump().drain()
    assert asked == [9, 4]
    assert world.chat.calls["send"] == 13


async def test_of_those_that_have_to_wait_twice_as_many_are_read_each_time(
    world: World, asked: list[int]
) -> None:
    world.chat.pace = replace(UNPACED, channel=Limit(0.01))
    addresses = await world.circle(members=100)
    await world.request(addresses)
    await world.pump().drain()
    world.chat.pace = replace(world.chat.pace, send=Limit(4, burst=9))
    world.clock.now += timedelta(minutes=1)
    await world.request(addresses, "another")
    asked.clear()
    await world.pump().drain()
    assert asked == [9, 18, 36, 72]
    assert world.chat.calls["send"] == 100


async def test_changes_that_wait_for_their_rate_limit_do_not_delay_news(world: World) -> None:
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
