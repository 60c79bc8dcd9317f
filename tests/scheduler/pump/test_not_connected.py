"""A workspace that does not accept us: what is for it waits, and no attempt is counted."""

from __future__ import annotations

from bot.chat.messenger import Closed, NotConnected
from bot.domain.message import State
from scheduler.pump import times
from scheduler.pump.failures import ATTEMPTS
from storage import workspaces
from storage.transaction import CircleTransaction, Transaction
from tests.scheduler.world import World


async def disconnect(world: World, team: str = "T1") -> None:
    def work(tx: Transaction) -> str | None:
        (workspace,) = workspaces.of_platform(tx, "slack", team)
        return workspaces.disconnect(CircleTransaction(tx, workspace.circle_id), workspace.id, world.clock())

    await world.database.transact(work)


async def test_a_token_that_is_not_accepted_kills_no_message(world: World) -> None:
    (address,) = await world.circle()
    await world.request([address])
    pump = world.pump()
    world.chat.meets("send", *[NotConnected("token_revoked")] * (ATTEMPTS + 2))
    for _ in range(ATTEMPTS + 2):
        await pump.drain()
        world.clock.pass_(seconds=times.REST.total_seconds())
    assert await world.states() == {State.WAITING: 1}
    await pump.drain()
    assert await world.states() == {State.SHOWN: 1}


async def test_nothing_is_sent_or_looked_for_while_a_workspace_does_not_accept_us(world: World) -> None:
    (address,) = await world.circle()
    await world.request([address])
    await disconnect(world)
    pump = world.pump()
    for _ in range(3):
        assert await pump.drain() == 0
        world.clock.pass_(minutes=10)
    assert world.chat.calls == {}


async def test_other_workspaces_are_written_to(world: World) -> None:
    (ours,), (theirs,) = await world.circle("T1"), await world.circle("T2")
    await world.request([ours])
    await world.request([theirs])
    await disconnect(world, "T1")
    await world.pump().drain()
    assert (len(world.shown(ours)), len(world.shown(theirs))) == (0, 1)


async def test_a_card_in_a_channel_that_was_closed_is_left_at_that(world: World) -> None:
    (address,) = await world.circle()
    await world.request([address])
    pump = world.pump()
    await pump.drain()
    world.chat.meets("update", Closed("is_archived"))
    await world.change()
    await pump.drain()
    assert await world.states() == {State.DROPPED: 1}
    assert {row.kind for row in await world.rows()} == {"post"}
