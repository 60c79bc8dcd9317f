"""A picture that the chat refuses does not hold up a message: its alternative text stands in its place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest

from bot import context
from bot.chat import plain
from bot.chat.card import Card, Image, pictures
from bot.chat.messenger import Notice, PictureRefused, Throttled
from bot.context import Reading
from bot.domain.message import POST, Message, State
from scheduler.pump import Pump, delivery
from storage.transaction import Transaction
from tests.scheduler.world import FakeChat, World

PHOTO = Image("https://example.org/photo.png", "Three people")


class Gallery(FakeChat):
    """A chat that shows no picture while it is `closed`."""

    closed = True

    async def send(self, address: str, notice: Notice) -> str:
        self._look(notice, "send")
        return await super().send(address, _in_words(notice))

    async def update(self, address: str, reference: str, notice: Notice) -> None:
        self._look(notice, "update")
        await super().update(address, reference, _in_words(notice))

    def _look(self, notice: Notice, method: str) -> None:
        if self.closed and pictures(notice.card):
            self.calls[f"{method} refused"] += 1
            raise PictureRefused("invalid_blocks")


def _in_words(notice: Notice) -> Notice:
    """The chat in memory remembers titles."""
    shown = "picture" if pictures(notice.card) else plain.render(notice.card)
    return Notice(notice.id, Card(shown.replace("\n", " ")))


def draw(reading: Reading) -> Card:
    return Card(f"v{reading.message.wanted_version}", (PHOTO,))


class Gazette:
    """Who was told of what."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def tell(self, tx: Transaction, messages: Sequence[Message], now: datetime) -> None:
        self.told += [message.subject_id for message in messages]


@pytest.fixture
def gazette() -> Gazette:
    return Gazette()


@pytest.fixture
def pump(world: World, gazette: Gazette) -> Pump:
    world.chat = Gallery(world.clock)
    kinds = [context.Notice(POST, draw, pictureless=gazette.tell)]
    return Pump(world.database, [world.chat], kinds, "https://cercle.example", world.clock)


async def test_a_message_arrives_with_words_in_the_place_of_the_picture(
    world: World, pump: Pump, gazette: Gazette
) -> None:
    (address,) = await world.circle()
    await world.request([address])
    await pump.drain()
    assert world.shown(address) == ["v1 Three people"]
    assert (await world.rows())[0].state is State.SHOWN
    assert gazette.told == ["s"]


async def test_a_card_for_many_is_not_refused_once_for_each(world: World, pump: Pump) -> None:
    addresses = await world.circle(members=20)
    await world.request(addresses[:1])
    await pump.drain()
    await world.request(addresses)
    await pump.drain()
    assert [world.shown(address) for address in addresses] == [["v1 Three people"]] * 20
    assert world.chat.calls["send refused"] == 1


async def test_a_change_is_shown_too(world: World, pump: Pump) -> None:
    (address,) = await world.circle()
    await world.request([address])
    await pump.drain()
    await world.change()
    await pump.drain()
    assert world.shown(address) == ["v2 Three people"]


async def test_the_picture_is_tried_again_after_a_while(
    world: World, pump: Pump, gazette: Gazette, monkeypatch: pytest.MonkeyPatch
) -> None:
    (address,) = await world.circle()
    await world.request([address])
    monkeypatch.setattr(delivery, "TRY_AGAIN", 0.0)
    await pump.drain()
    assert isinstance(world.chat, Gallery)
    world.chat.closed = False
    await world.change()
    await pump.drain()
    assert world.shown(address) == ["picture"]
    assert gazette.told == ["s"]


async def test_a_second_call_that_has_to_wait_leaves_without_the_picture(world: World, pump: Pump) -> None:
    (address,) = await world.circle()
    await world.request([address])
    world.chat.meets("send", Throttled(1))
    await pump.drain()
    assert world.shown(address) == []
    world.clock.pass_(seconds=2)
    await pump.drain()
    assert world.shown(address) == ["v1 Three people"]
    assert world.chat.calls["send refused"] == 1
