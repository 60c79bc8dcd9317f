"""Several workspaces: none delays another, and what is notified leaves at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import insert

from bot.chat.messenger import Throttled
from bot.domain.circle import Circle
from bot.domain.message import State
from scheduler.pump import loop
from storage import circles, tables
from storage.transaction import Transaction
from tests.scheduler.world import World


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
    pump.notify()
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


async def test_a_workspace_whose_turn_fails_delays_nobody(world: World) -> None:
    poisoned, well = await world.circle("T1"), await world.circle("T2")
    await world.request(poisoned)
    await world.request(well)

    def poison(tx: Transaction) -> None:
        m = tables.message.c
        tx.execute(tables.message.update().where(m.address == poisoned[0]).values(kind="of another time"))

    await world.database.transact(poison)
    await world.pump().drain()
    assert world.shown(well[0]) == ["s v1"]


async def test_the_first_notification_is_followed_at_once_and_those_after_it_together(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody who pressed waits for others who might."""
    for pause in ("GATHER", "IDLE"):
        monkeypatch.setattr(loop, pause, timedelta(hours=1))
    counted = 0.0
    monkeypatch.setattr(loop, "monotonic", lambda: counted)
    first, second = await world.circle(members=2)
    pump = world.pump()
    running = asyncio.create_task(pump.run())
    await asyncio.sleep(0.1)
    counted += loop.GATHER.total_seconds()
    await world.request([first])
    pump.notify()
    async with asyncio.timeout(30):
        while not world.shown(first):
            await asyncio.sleep(0.01)
    await world.request([second])
    pump.notify()
    await asyncio.sleep(0.2)
    assert not world.shown(second)
    running.cancel()
    await asyncio.wait([running])
    await pump.finish()


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
