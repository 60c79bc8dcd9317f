"""A card that somebody took away in the chat: whoever removed it does not want it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from bot.domain.message import REMOVED, UNDELIVERED, State
from storage import tables
from tests.scheduler.world import World


async def removed(world: World) -> str:
    """The one card of one member, taken away before it changes; their address."""
    (address,) = await world.circle()
    await world.request([address])
    await world.pump().drain()
    world.chat.stored[address].clear()
    await world.change()
    await world.pump().drain()
    return address


async def test_it_rests_and_nothing_is_sent_anew(world: World) -> None:
    address = await removed(world)
    for _ in range(3):
        await world.change()
        world.clock.now += timedelta(days=1)
        await world.pump().drain()
    assert world.shown(address) == []
    assert world.chat.calls == {"reach": 1, "send": 1, "update": 1}


async def test_it_is_no_dead_letter(world: World) -> None:
    await removed(world)
    (row,) = await world.rows()
    assert (row.state, row.last_error, row.kind) == (State.DROPPED, REMOVED, "post")
    assert UNDELIVERED.name not in {row.kind for row in await world.rows()}


async def test_nothing_is_left_to_watch(world: World) -> None:
    await removed(world)
    m = tables.message.c
    watched = select(func.count()).where(m.lease_until.is_not(None) | m.look_at.is_not(None))
    assert await world.database.read(lambda tx: tx.execute(watched).scalar_one()) == 0


async def test_the_others_change_all_the_same(world: World) -> None:
    addresses = await world.circle(members=3)
    await world.request(addresses)
    await world.pump().drain()
    world.chat.stored[addresses[1]].clear()
    await world.change()
    await world.pump().drain()
    assert [world.shown(address) for address in addresses] == [["s v2"], [], ["s v2"]]
    assert await world.states() == {State.SHOWN: 2, State.DROPPED: 1}
