"""A press shows its effect by the way that it left open, and nothing older or twice comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from bot.chat.card import Card
from bot.chat.messenger import Limit, Notice, Pace, Unavailable, Unsure
from bot.domain.message import State
from scheduler.pump.pressed import RESERVED
from scheduler.pump.times import LEASE, SWEEP
from storage.engines.database import Database
from storage.transaction import Transaction
from tests.scheduler.world import FREELY, Cut, World


async def shown(world: World) -> tuple[str, str]:
    """The address of one member who sees one card, and the reference of that card."""
    (address,) = await world.circle()
    await world.request([address])
    await world.pump().drain()
    return address, world.chat.stored[address][0].reference


async def test_a_press_is_shown_without_the_pump(world: World) -> None:
    address, reference = await shown(world)
    redraw = await world.press(address, reference)
    assert redraw
    await redraw(world.over(address, reference))
    assert world.shown(address) == ["s v2"]
    (row,) = await world.rows()
    assert (row.state, row.shown_version, row.attempt) == (State.SHOWN, 2, 0)
    await world.pump().drain()
    assert world.chat.calls["update"] == 0


async def test_a_press_takes_nothing_from_the_rate_limits(world: World) -> None:
    addresses = await world.circle(members=30)
    world.chat.pace = Pace(send=FREELY, update=Limit(1), channel=FREELY)
    await world.request(addresses)
    await world.pump().drain()
    for address in addresses:
        reference = world.chat.stored[address][0].reference
        redraw = await world.press(address, reference)
        assert redraw
        await redraw(world.over(address, reference))
    assert [world.shown(address) for address in addresses] == [["s v2"]] * 30
    await world.pump().drain()
    assert world.chat.calls["update"] == 0


async def test_a_pump_does_not_take_what_a_press_has_reserved(world: World) -> None:
    address, reference = await shown(world)
    redraw = await world.press(address, reference)
    assert redraw
    await world.pump().drain()
    assert world.shown(address) == ["s v1"]
    await redraw(world.over(address, reference))
    assert world.shown(address) == ["s v2"]


async def test_a_press_that_changes_nothing_reserves_nothing(world: World) -> None:
    address, reference = await shown(world)
    assert await world.press(address, reference, subject="another") is None


async def test_a_press_on_a_card_that_is_not_known_here_reserves_nothing(world: World) -> None:
    address, _ = await shown(world)
    assert await world.press(address, "another") is None


async def test_presses_that_come_together_are_claimed_together(world: World) -> None:
    addresses = await world.circle(members=30)
    await world.request(addresses)
    await world.pump().drain()
    counting = Counting(world.database)
    pressed = world.pressed(counting)  # type: ignore[arg-type]
    references = [world.chat.stored[address][0].reference for address in addresses]
    redraws = [
        await world.press(address, reference, by=pressed)
        for address, reference in zip(addresses, references, strict=True)
    ]
    ways = [world.over(*where) for where in zip(addresses, references, strict=True)]
    await asyncio.gather(*(redraw(way) for redraw, way in zip(redraws, ways, strict=True) if redraw))
    assert [world.shown(address) for address in addresses] == [["s v2"]] * 30
    assert counting.transactions <= 8


class Counting:
    """A database, and how many transactions there were."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.transactions = 0
        self.read = database.read

    async def transact(self, work: Callable[[Transaction], object]) -> object:
        self.transactions += 1
        return await self.database.transact(work)


async def test_a_way_that_is_closed_leaves_the_card_to_the_pump(world: World) -> None:
    address, reference = await shown(world)
    redraw = await world.press(address, reference)
    assert redraw
    world.chat.meets("over", Unavailable("used_url"))
    await redraw(world.over(address, reference))
    assert world.shown(address) == ["s v1"]
    await world.pump().drain()
    assert world.shown(address) == ["s v2"]
    assert await world.states() == {State.SHOWN: 1}


@pytest.mark.parametrize("lost", [Cut("cut"), Unsure("reset")])
async def test_a_lost_answer_is_drawn_by_the_pump_now_and_once_more_later(world: World, lost: Unsure) -> None:
    address, reference = await shown(world)
    redraw = await world.press(address, reference)
    assert redraw
    world.chat.meets("over", lost)
    await redraw(world.over(address, reference))
    await world.pump().drain()
    assert world.shown(address) == ["s v2"]
    await world.chat.draw_over(address, reference, _older(world, address))
    world.clock.pass_(seconds=SWEEP.total_seconds())
    await world.pump().drain()
    assert world.shown(address) == ["s v3"]


def _older(world: World, address: str) -> Notice:
    """A request that was held up on its way for a minute."""
    return Notice(world.chat.stored[address][0].id, Card("s v1"))


async def test_a_process_that_dies_before_it_claims_leaves_the_card_to_the_pump(world: World) -> None:
    address, reference = await shown(world)
    assert await world.press(address, reference)
    await world.pump().drain()
    assert world.shown(address) == ["s v1"]
    world.clock.pass_(seconds=RESERVED.total_seconds())
    await world.pump().drain()
    assert world.shown(address) == ["s v2"]


async def test_a_process_that_dies_while_it_draws_leaves_the_card_to_the_pump(world: World) -> None:
    address, reference = await shown(world)
    redraw = await world.press(address, reference)
    assert redraw

    async def killed(_: Notice) -> None:
        raise asyncio.CancelledError

    await redraw(killed)
    assert await world.states() == {State.SENDING: 1}
    world.clock.pass_(seconds=LEASE.total_seconds() + 1)
    await world.pump().drain()
    assert world.shown(address) == ["s v2"]


async def test_a_process_that_was_frozen_before_it_claimed_does_not_draw_over_what_came_later(
    world: World,
) -> None:
    address, reference = await shown(world)
    frozen = await world.press(address, reference)
    assert frozen
    world.clock.pass_(seconds=RESERVED.total_seconds())
    await world.change()
    await world.pump().drain()
    await frozen(world.over(address, reference))
    assert world.shown(address) == ["s v3"]
    assert world.chat.calls["over"] == 0


async def test_a_process_that_was_frozen_after_it_claimed_does_not_draw_over_what_came_later(
    world: World,
) -> None:
    address, reference = await shown(world)

    class Freezing(Counting):
        """The process sleeps after its first transaction, until another one drew the card."""

        async def transact(self, work: Callable[[Transaction], object]) -> object:
            result = await super().transact(work)
            if self.transactions == 1:
                world.clock.pass_(seconds=LEASE.total_seconds() + 1)
                await world.change()
                await world.pump().drain()
            return result

    pressed = world.pressed(Freezing(world.database))  # type: ignore[arg-type]
    redraw = await world.press(address, reference, by=pressed)
    assert redraw
    await redraw(world.over(address, reference))
    assert world.shown(address) == ["s v3"]
    assert world.chat.calls["over"] == 0


async def test_a_second_press_during_the_first_is_drawn_right_after_it(world: World) -> None:
    address, reference = await shown(world)
    pressed = world.pressed()
    first, begun, go = await world.press(address, reference, by=pressed), asyncio.Event(), asyncio.Event()
    assert first

    async def slowly(notice: Notice) -> None:
        begun.set()
        await go.wait()
        await world.over(address, reference)(notice)

    drawing = asyncio.ensure_future(first(slowly))
    await begun.wait()
    second = await world.press(address, reference, by=pressed)
    assert second
    also = asyncio.ensure_future(second(world.over(address, reference)))
    await asyncio.sleep(0.05)
    assert world.shown(address) == ["s v1"]
    go.set()
    await asyncio.gather(drawing, also)
    assert world.shown(address) == ["s v3"]
    await world.pump().drain()
    assert world.chat.calls == {"reach": 1, "send": 1, "over": 2}


async def test_two_presses_that_come_together_are_drawn_once(world: World) -> None:
    address, reference = await shown(world)
    pressed = world.pressed()
    redraws = [await world.press(address, reference, by=pressed) for _ in range(2)]
    await asyncio.gather(*(redraw(world.over(address, reference)) for redraw in redraws if redraw))
    assert world.shown(address) == ["s v3"]
    assert world.chat.calls["over"] == 1


async def test_what_is_still_looked_for_is_not_drawn_over(world: World) -> None:
    """Its answer was lost, it was found, and a second one may come: only its id tells which is which."""
    (address,) = await world.circle()
    await world.request([address])
    world.chat.meets("send", Cut("cut"))
    await world.pump().drain()
    world.clock.pass_(seconds=LEASE.total_seconds() + 1)
    await world.pump().drain()
    (posted,) = world.chat.stored[address]
    assert await world.press(address, posted.reference) is None
    await world.pump().drain()
    assert world.shown(address) == ["s v2"]
    await world.chat.send(address, _older(world, address))
    world.clock.pass_(seconds=SWEEP.total_seconds() + 1)
    await world.pump().drain()
    assert world.shown(address) == ["s v2"]
    assert await world.press(address, posted.reference)


async def test_a_card_that_was_drawn_over_is_found_again_after_its_next_change(world: World) -> None:
    address, reference = await shown(world)
    redraw = await world.press(address, reference)
    assert redraw
    await redraw(world.over(address, reference))
    assert world.chat.stored[address][0].notice == ""
    await world.change()
    await world.pump().drain()
    (posted,) = world.chat.stored[address]
    assert (posted.notice, posted.words) == (posted.id, "s v3")
