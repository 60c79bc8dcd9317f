"""The answer to what a person did arrives, however long a chat is away, and before what is for many."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.chat.messenger import Limit, MessengerError, Pace, Refused, Unavailable, Unsure
from bot.domain.message import REPLY, UNDELIVERED, State
from scheduler.pump.failures import ATTEMPTS
from scheduler.pump.times import LAST_RETRY, LEASE
from tests.scheduler.world import FREELY, World

SECOND = timedelta(seconds=1)


async def after(world: World, span: timedelta) -> None:
    world.clock.now += span
    await world.pump().drain()


async def asked(world: World, *met: MessengerError) -> str:
    """One member, for whom an answer waits; their address."""
    (address,) = await world.circle()
    await world.request([address], kind=REPLY)
    world.chat.meets("send", *met)
    await world.pump().drain()
    return address


async def test_it_is_tried_until_the_chat_is_back(world: World) -> None:
    address = await asked(world, *[Unavailable("503")] * 3 * ATTEMPTS)
    for _ in range(3 * ATTEMPTS):
        assert await world.states() == {State.WAITING: 1}
        await after(world, LAST_RETRY)
    assert world.shown(address) == ["s v1"]


async def test_lost_answers_do_not_make_it_dead(world: World) -> None:
    address = await asked(world, *[Unsure("reset")] * 2 * ATTEMPTS)
    for _ in range(2 * ATTEMPTS):
        await after(world, LEASE + SECOND)
    assert world.shown(address) == ["s v1"]


@pytest.mark.parametrize("resends", [False, True])
async def test_where_a_chat_cannot_tell_it_is_sent_again(world: World, resends: bool) -> None:
    world.chat.tells, world.chat.resends = False, resends
    address = await asked(world, Unsure("reset"))
    await after(world, LEASE + SECOND)
    assert world.shown(address) == ["s v1"]


async def test_where_a_chat_refuses_to_tell_it_is_sent_again_at_last(world: World) -> None:
    address = await asked(world, Unsure("reset"))
    world.chat.meets("find", *[Refused("no")] * 20)
    for _ in range(8):
        await after(world, timedelta(minutes=10))
    assert world.shown(address) == ["s v1"]


async def test_one_that_is_refused_is_announced_to_nobody(world: World) -> None:
    await asked(world, Refused("too large"))
    assert await world.states() == {State.DEAD: 1}
    assert [row for row in await world.rows() if row.kind == UNDELIVERED.name] == []


async def test_it_leaves_before_what_is_for_many(world: World) -> None:
    world.chat.pace = Pace(send=Limit(1, burst=1), update=FREELY, channel=FREELY, find=FREELY)
    addresses = await world.circle(members=20)
    await world.request(addresses, "post")
    await world.pump().drain()
    world.clock.now += SECOND
    await world.request([addresses[-1]], "answer", kind=REPLY)
    await world.pump().drain()
    assert world.shown(addresses[-1]) == ["answer v1"]
