"""What the pump tells /metrics: one result for each call to a platform, and the claims that ended without."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.chat.messenger import MessengerError, Refused, Throttled, Unavailable, Unreachable, Unsure
from bot.domain.message import State
from bot.meters import Meters, Result
from scheduler.pump.failures import ATTEMPTS
from scheduler.pump.times import LEASE
from tests.scheduler.world import Cut, World

MEETS = [
    (Throttled(5), Result.THROTTLED, State.WAITING),
    (Unavailable("503"), Result.RETRIED, State.WAITING),
    (Unreachable("gone"), Result.UNREACHABLE, State.WAITING),
    (Unsure("reset"), Result.UNKNOWN, State.SENDING),
    (Refused("invalid_blocks"), Result.DEAD, State.DEAD),
    (ValueError("a bug"), Result.UNKNOWN, State.SENDING),  # it may have happened after the socket
]


@pytest.mark.parametrize(("error", "told", "state"), MEETS, ids=lambda v: getattr(v, "value", ""))
async def test_each_send_is_told_as_what_became_of_it(
    world: World, error: MessengerError, told: Result, state: State
) -> None:
    meters = Meters()
    (address,) = await world.circle()
    await world.request([address])
    world.chat.meets("send", error)
    await world.pump(meters=meters).drain()
    assert meters.read().sends == {("slack", "send", told): 1}
    assert await world.states() == {state: 1}


async def test_a_card_that_stands_and_its_change(world: World) -> None:
    meters = Meters()
    (address,) = await world.circle()
    await world.request([address])
    await world.pump(meters=meters).drain()
    await world.change()
    world.chat.meets("update", Unsure("reset"))
    await world.pump(meters=meters).drain()
    world.clock.pass_(seconds=10)
    await world.pump(meters=meters).drain()
    assert meters.read().sends == {
        ("slack", "send", Result.SHOWN): 1,
        ("slack", "update", Result.RETRIED): 1,
        ("slack", "update", Result.SHOWN): 1,
    }


async def test_the_last_attempt_is_told_as_dead(world: World) -> None:
    meters = Meters()
    (address,) = await world.circle()
    await world.request([address])
    world.chat.meets("send", *[Unavailable("503")] * ATTEMPTS)
    for _ in range(ATTEMPTS):
        await world.pump(meters=meters).drain()
        world.clock.pass_(hours=1)
    sends = meters.read().sends
    assert sends["slack", "send", Result.RETRIED] == ATTEMPTS - 1
    assert sends["slack", "send", Result.DEAD] == 1


async def test_claims_that_ended_without_an_outcome_are_counted_once(world: World) -> None:
    meters = Meters()
    (address,) = await world.circle()
    await world.request([address])
    world.chat.meets("send", Cut("cut"))
    await world.pump(meters=meters).drain()
    assert meters.read().lease_expiries == 0
    world.clock.now += LEASE + timedelta(seconds=1)
    await world.pump(meters=meters).drain()
    await world.pump(meters=meters).drain()
    assert meters.read().lease_expiries == 1
