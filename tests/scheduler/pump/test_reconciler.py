"""What may have arrived is looked for, adopted or sent again, and never twice where the chat can tell."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.chat.messenger import MessengerError, Refused, Throttled, Unavailable, Unsure
from bot.domain.message import State
from scheduler.pump.failures import ATTEMPTS
from scheduler.pump.times import ASK_AGAIN, LEASE, SWEEP
from tests.scheduler.world import Cut, World

SECOND = timedelta(seconds=1)


async def after(world: World, span: timedelta) -> None:
    world.clock.now += span
    await world.pump().drain()


async def ambiguous(world: World, error: MessengerError) -> str:
    """One member, whose card met `error`; their address."""
    (address,) = await world.circle()
    await world.request([address])
    world.chat.meets("send", error)
    await world.pump().drain()
    assert await world.states() == {State.SENDING: 1}
    return address


@pytest.mark.parametrize("error", [Cut("cut"), Unsure("reset")])
async def test_one_card_whatever_was_lost(world: World, error: MessengerError) -> None:
    address = await ambiguous(world, error)
    await after(world, LEASE + SECOND)
    assert world.shown(address) == ["s v1"]
    assert await world.states() == {State.SHOWN: 1}
    await after(world, SWEEP)
    assert world.chat.calls["find"] == 2
    assert world.chat.calls["delete"] == 0
    await after(world, timedelta(days=1))
    assert world.chat.calls["find"] == 2


async def test_what_is_found_and_was_changed_since_is_drawn_again(world: World) -> None:
    address = await ambiguous(world, Cut("cut"))
    await world.change()
    await after(world, LEASE + SECOND)
    assert world.shown(address) == ["s v2"]
    (row,) = await world.rows()
    assert (row.shown_version, row.wanted_version, row.state) == (2, 2, State.SHOWN)


async def test_a_change_while_it_is_ambiguous_is_not_forgotten(world: World) -> None:
    address = await ambiguous(world, Cut("cut"))
    world.chat.meets("find", Unavailable("away"))
    await after(world, LEASE + SECOND)
    assert await world.states() == {State.AMBIGUOUS: 1}
    await world.change()
    await after(world, ASK_AGAIN[0])
    assert world.shown(address) == ["s v2"]


@pytest.mark.parametrize("resends", [False, True])
async def test_a_chat_that_cannot_tell_says_what_is_better(world: World, resends: bool) -> None:
    world.chat.tells, world.chat.resends = False, resends
    address = await ambiguous(world, Unsure("reset"))
    await after(world, LEASE + SECOND)
    assert world.shown(address) == (["s v1"] if resends else [])
    assert await world.states() == {State.SHOWN if resends else State.UNKNOWN: 1}
    await after(world, timedelta(days=1))
    assert world.chat.calls["send"] == 1 + resends


async def test_a_chat_that_cannot_tell_gives_up_at_last(world: World) -> None:
    world.chat.tells, world.chat.resends = False, True
    await ambiguous(world, Unsure("reset"))
    world.chat.meets("send", *[Unsure("reset")] * 20)
    for _ in range(2 * ATTEMPTS):
        await after(world, LEASE + SECOND)
    assert await world.states() == {State.UNKNOWN: 1}
    assert world.chat.calls["send"] == ATTEMPTS


async def test_what_never_arrives_is_a_dead_letter_at_last(world: World) -> None:
    await ambiguous(world, Unsure("reset"))
    world.chat.meets("send", *[Unsure("reset")] * 20)
    for _ in range(2 * ATTEMPTS):
        await after(world, LEASE + SECOND)
    assert await world.states() == {State.DEAD: 1}
    assert world.chat.calls["send"] == ATTEMPTS


async def test_an_answer_that_does_not_come_is_asked_for_again(world: World) -> None:
    address = await ambiguous(world, Cut("cut"))
    world.chat.meets("find", *[Unavailable("away")] * 4)
    await after(world, LEASE + SECOND)
    for number, wait in enumerate((*ASK_AGAIN, ASK_AGAIN[-1]), 1):
        assert world.chat.calls["find"] == number
        await after(world, wait - SECOND)
        assert world.chat.calls["find"] == number
        await after(world, SECOND)
    assert await world.states() == {State.SHOWN: 1}
    assert world.shown(address) == ["s v1"]


async def test_a_chat_that_refuses_to_answer_leaves_it_unknown(world: World) -> None:
    await ambiguous(world, Cut("cut"))
    world.chat.meets("find", *[Refused("no")] * 10)
    await after(world, LEASE + SECOND)
    for wait in ASK_AGAIN:
        assert await world.states() == {State.AMBIGUOUS: 1}
        await after(world, wait)
    assert await world.states() == {State.UNKNOWN: 1}


async def test_asked_to_wait_the_whole_workspace_waits(world: World) -> None:
    addresses = await world.circle(members=4)
    await world.request(addresses)
    world.chat.meets("send", *[Cut("cut")] * 4)
    await world.pump().drain()
    world.chat.meets("find", *[Throttled(60)] * 4)
    await after(world, LEASE + SECOND)
    asked = world.chat.calls["find"]
    await after(world, 59 * SECOND)
    assert world.chat.calls["find"] == asked
    world.chat.faults["find"].clear()
    await after(world, SECOND)
    assert await world.states() == {State.SHOWN: 4}
    assert [len(world.shown(address)) for address in addresses] == [1] * 4


async def frozen(world: World, method: str) -> tuple[asyncio.Task[int], asyncio.Event, str]:
    """A pump that stands still on its way to `method`; what thaws it; the address it writes to."""
    (address,) = await world.circle()
    await world.request([address])
    return *await held_up(world, method), address


async def held_up(world: World, method: str) -> tuple[asyncio.Task[int], asyncio.Event]:
    """The same for what is due."""
    reached, thaw = asyncio.Event(), asyncio.Event()

    async def before(called: str, _: str) -> None:
        if called == method and not reached.is_set():
            reached.set()
            await thaw.wait()

    world.chat.before = before
    task = asyncio.create_task(world.pump().drain())
    await reached.wait()
    return task, thaw


async def test_frozen_before_its_last_look_it_sends_nothing(world: World) -> None:
    task, thaw, address = await frozen(world, "reach")
    await after(world, LEASE + SECOND)
    assert world.shown(address) == ["s v1"]
    thaw.set()
    await task
    assert world.chat.calls["send"] == 1


async def test_frozen_for_less_than_its_lease_it_looks_and_sends(world: World) -> None:
    task, thaw, address = await frozen(world, "reach")
    world.clock.pass_(seconds=30)
    thaw.set()
    await task
    assert world.shown(address) == ["s v1"]


async def test_frozen_until_its_lease_is_nearly_over_it_starts_again(world: World) -> None:
    task, thaw, address = await frozen(world, "reach")
    world.clock.pass_(seconds=55)
    thaw.set()
    await task
    assert world.shown(address) == []
    await after(world, 2 * SECOND)
    assert world.shown(address) == ["s v1"]


async def test_frozen_at_the_socket_the_younger_of_two_is_taken_away(world: World) -> None:
    task, thaw, address = await frozen(world, "send")
    await after(world, LEASE + SECOND)
    (first,) = world.chat.stored[address]
    thaw.set()
    await task
    assert len(world.shown(address)) == 2
    world.chat.meets("delete", Unavailable("away"))
    await after(world, SWEEP)
    await after(world, ASK_AGAIN[0])
    assert world.chat.stored[address] == [first]
    (row,) = await world.rows()
    assert (row.reference, row.state) == (first.reference, State.SHOWN)


async def test_frozen_at_the_socket_while_the_other_waits_it_is_adopted(world: World) -> None:
    """Nothing was found, and the row may not leave again for a while: what thaws meanwhile is the one."""
    task, thaw, address = await frozen(world, "send")
    world.chat.meets("send", Throttled(600))
    await after(world, LEASE + SECOND)
    assert world.shown(address) == []
    thaw.set()
    await task
    await after(world, SWEEP)
    assert await world.states() == {State.SHOWN: 1}
    await after(world, timedelta(hours=1))
    assert world.shown(address) == ["s v1"]


async def test_what_was_held_up_and_is_found_after_a_change_is_drawn_again(world: World) -> None:
    """The second claim was of the second version, but what stands there is of the first."""
    task, thaw, address = await frozen(world, "send")
    await world.change()
    world.chat.meets("send", Unsure("reset"))
    await after(world, LEASE + SECOND)
    thaw.set()
    await task
    assert world.shown(address) == ["s v1"]
    await after(world, LEASE + SECOND)
    assert world.shown(address) == ["s v2"]


@pytest.mark.parametrize("changes", [1, 2])
async def test_an_update_that_was_held_up_does_not_have_the_last_word(world: World, changes: int) -> None:
    """However often the card was changed, and drawn, before it arrives."""
    (address,) = await world.circle()
    await world.request([address])
    await world.pump().drain()
    await world.change()
    task, thaw = await held_up(world, "update")
    for number in range(changes):
        await world.change()
        await after(world, LEASE + SECOND if number == 0 else SECOND)
    assert world.shown(address) == [f"s v{2 + changes}"]
    thaw.set()
    await task
    assert world.shown(address) == ["s v2"]
    await after(world, SWEEP)
    assert world.shown(address) == [f"s v{3 + changes}"]
    await after(world, timedelta(days=1))
    assert world.chat.calls["update"] == 2 + changes


async def test_an_update_whose_answer_was_lost_is_followed_by_another(world: World) -> None:
    (address,) = await world.circle()
    await world.request([address])
    await world.pump().drain()
    await world.change()
    world.chat.meets("update", Unavailable("timeout"), Unsure("reset"))
    for _ in range(3):
        await after(world, 10 * SECOND)
    assert world.chat.calls["update"] == 3
    await after(world, SWEEP)
    assert world.chat.calls["update"] == 4
    assert await world.states() == {State.SHOWN: 1}


async def test_who_left_while_it_was_frozen_keeps_nothing(world: World) -> None:
    task, thaw, address = await frozen(world, "send")
    await world.leave(address)
    await after(world, LEASE + SECOND)
    assert await world.states() == {State.DROPPED: 1}
    thaw.set()
    await task
    await after(world, SWEEP)
    assert world.shown(address) == []


async def test_who_leaves_on_the_way_to_the_socket_gets_nothing(world: World) -> None:
    task, thaw, address = await frozen(world, "reach")
    await world.leave(address)
    world.clock.now += 2 * SECOND
    thaw.set()
    await task
    assert world.shown(address) == []
    await after(world, LEASE)
    assert await world.states() == {State.DROPPED: 1}


async def test_what_arrived_after_somebody_left_is_taken_away(world: World) -> None:
    task, thaw, address = await frozen(world, "send")
    await world.leave(address)
    thaw.set()
    await task
    assert world.shown(address) == ["s v1"]
    await after(world, LEASE + SECOND)
    assert world.shown(address) == []
    assert await world.states() == {State.DROPPED: 1}


async def test_nobody_is_told_of_who_left(world: World) -> None:
    world.chat.tells = False
    address = await ambiguous(world, Cut("cut"))
    await world.leave(address)
    await after(world, LEASE + SECOND)
    assert await world.states() == {State.DROPPED: 1}


async def test_a_bug_of_a_platform_leaves_it_ambiguous(world: World) -> None:
    (address,) = await world.circle()
    await world.request([address])

    async def before(method: str, _: str) -> None:
        if method in ("send", "find"):
            raise ZeroDivisionError

    world.chat.before = before
    await world.pump().drain()
    await after(world, LEASE + SECOND)
    assert await world.states() == {State.AMBIGUOUS: 1}
    world.chat.before = None
    await after(world, ASK_AGAIN[0])
    assert world.shown(address) == ["s v1"]
