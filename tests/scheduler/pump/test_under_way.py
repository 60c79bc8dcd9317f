"""How much is under way at a time, and what stopping waits for."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.domain.message import State
from scheduler.pump import loop, times, under_way
from tests.scheduler.world import Cut, World

SECOND = timedelta(seconds=1)


async def test_what_is_looked_for_takes_its_place_among_what_is_under_way(world: World) -> None:
    doubtful = await world.circle(members=5)
    await world.request(doubtful)
    world.chat.meets("send", *[Cut("cut")] * 5)
    await world.pump().drain()
    world.clock.now += times.LEASE + SECOND
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
    assert world.chat.calls["find"] + world.chat.calls["send"] - before_it == under_way.AT_ONCE
    thaw.set()
    pump.stop()
    await running
    await world.pump().drain()
    assert all(len(world.shown(address)) == 81 for address in doubtful)


async def test_room_that_becomes_free_is_taken_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for pause in ("GATHER", "IDLE"):
        monkeypatch.setattr(loop, pause, timedelta(hours=1))
    addresses = await world.circle(members=under_way.AT_ONCE + 1)
    await world.request(addresses)
    thaw = asyncio.Event()

    async def before(method: str, _: str) -> None:
        if method == "send":
            await thaw.wait()

    world.chat.before = before
    pump = world.pump()
    running = asyncio.create_task(pump.run())
    async with asyncio.timeout(30):
        while world.chat.calls["send"] < under_way.AT_ONCE:
            await asyncio.sleep(0.01)
        await asyncio.sleep(2 * under_way.CATCH_UP.total_seconds())
        thaw.set()
        while world.chat.calls["send"] < len(addresses):
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait([running])
    await pump.finish()


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


async def test_stopping_does_not_wait_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_way, "FINISH", 0.1)
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
