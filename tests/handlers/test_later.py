"""What is put aside comes back once, when its reader chose."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.chat import plain
from bot.chat.action import Action, pack
from bot.chat.card import Card
from bot.chat.event import Click
from bot.chat.form import Value
from handlers.sharing.cards import Decline, Later, Now, PutOff, minutes
from tests.house import House, actions, asked, button, kinds, said

WEDNESDAY = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
"""09:00 in Paris, the next day and the next week."""
AFTERNOON = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def house(sqlite_url: str) -> Iterator[House]:
    house = House(sqlite_url)
    yield house
    house.close()


@pytest.fixture
async def circle(house: House) -> House:
    return await with_post(house)


async def with_post(house: House, **values: Value) -> House:
    await house.with_lead()
    await house.with_member("ines", ceiling="1")
    await house.with_post(**values)
    await house.settle()
    return house


async def at(house: House, moment: datetime) -> int:
    """How many messages she has then."""
    house.clock.now = moment
    await house.settle()
    return len(house.cards("ines"))


def words(house: House) -> str:
    return plain.render(house.cards("ines")[-1])


async def later(house: House) -> Card:
    await house.presses("ines", Later, house.cards("ines")[-1])
    await house.settle()
    return house.cards("ines")[-1]


async def test_one_click_is_the_next_morning_and_two_are_another_moment(circle: House) -> None:
    card = await later(circle)
    assert "Mis de côté jusqu’au mercredi 25 novembre, 09:00." in plain.render(card)
    post = button(card, Now).action.post
    assert actions(card) == [Now(post), PutOff(post, minutes(AFTERNOON)), PutOff(post, minutes(MONDAY))]
    await circle.presses("ines", PutOff, card, until=minutes(MONDAY))
    await circle.settle()
    assert "Mis de côté jusqu’au lundi 30 novembre, 09:00." in words(circle)
    assert PutOff(post, minutes(WEDNESDAY)) in actions(circle.cards("ines")[-1])
    assert await at(circle, WEDNESDAY) == 1
    assert await at(circle, MONDAY - MINUTE) == 1
    assert await at(circle, MONDAY) == 2
    assert "Vous l’aviez mis de côté" in words(circle)
    assert await at(circle, MONDAY + timedelta(days=3)) == 2


async def test_it_may_be_moved_forward_too(circle: House) -> None:
    await circle.presses("ines", PutOff, await later(circle), until=minutes(AFTERNOON))
    assert await at(circle, AFTERNOON - MINUTE) == 1
    assert await at(circle, AFTERNOON) == 2
    assert await at(circle, WEDNESDAY) == 2


async def test_it_comes_back_once_only(circle: House) -> None:
    put_aside = button(circle.cards("ines")[-1], Later).action
    await later(circle)
    await at(circle, WEDNESDAY)
    assert Later not in kinds(circle.cards("ines")[-1])
    click = Click(circle.key(), circle.sender("ines"), pack(put_aside))
    assert "vous est déjà revenu" in said((await circle.dispatch(click)).reply)
    assert await at(circle, MONDAY) == 2


async def test_new_hours_do_not_bring_it_back_before_its_moment(circle: House) -> None:
    await later(circle)
    form = asked(await circle.says("ines", "/cercle réglages"))
    await circle.submits("ines", form, day_end="19:00")
    assert await at(circle, AFTERNOON) == 1
    await circle.says("ines", "/cercle pause 2026-12-01")
    await circle.says("ines", "/cercle reprendre")
    assert await at(circle, AFTERNOON + MINUTE) == 1
    assert await at(circle, WEDNESDAY) == 2


async def test_a_pause_keeps_it_until_its_end(circle: House) -> None:
    await later(circle)
    await circle.says("ines", "/cercle pause 2026-11-27")
    assert await at(circle, WEDNESDAY) == 1
    assert await at(circle, datetime(2026, 11, 27, 7, 59, tzinfo=UTC)) == 1
    assert await at(circle, datetime(2026, 11, 27, 8, 0, tzinfo=UTC)) == 2


async def test_a_full_week_does_not_keep_it(circle: House) -> None:
    await later(circle)
    await circle.with_post()
    assert await at(circle, WEDNESDAY) == 2
    assert "Vous l’aviez mis de côté" in words(circle)


@pytest.mark.parametrize("kind", [Decline, Now])
async def test_whoever_does_not_want_it_back_is_not_reminded(circle: House, kind: type[Action]) -> None:
    card = await later(circle)
    if kind not in kinds(card):
        await circle.presses("ines", Now, card)
        await circle.settle()
    await circle.presses("ines", kind, circle.cards("ines")[-1])
    assert await at(circle, WEDNESDAY) == 1


async def test_put_aside_again_after_all(circle: House) -> None:
    """Brought back before its moment, and put aside once that had gone by."""
    await circle.presses("ines", Now, await later(circle))
    await at(circle, WEDNESDAY)
    await later(circle)
    assert await at(circle, WEDNESDAY + timedelta(days=1) - MINUTE) == 1
    assert await at(circle, WEDNESDAY + timedelta(days=1)) == 2


async def test_on_its_last_day_it_comes_back_that_day_or_not_at_all(house: House) -> None:
    await with_post(house, expires="2026-11-24")
    assert "Mis de côté jusqu’au mardi 24 novembre, 14:00." in plain.render(await later(house))
    house.clock.now = AFTERNOON - 20 * MINUTE
    await house.presses("ines", Now, house.cards("ines")[-1])
    await house.settle()
    reply = await house.presses("ines", Later, house.cards("ines")[-1])
    assert "proposé jusqu’au mardi 24 novembre" in said(reply)
    assert await at(house, WEDNESDAY) == 1


async def test_moments_that_nobody_offered(circle: House) -> None:
    action = button(circle.cards("ines")[-1], Later).action
    assert isinstance(action, Later)
    now = minutes(circle.clock())
    for moment in (now, now - 1, 0, -1, 10**30, now + 60 * 24 * 40):
        click = Click(circle.key(), circle.sender("ines"), pack(PutOff(action.post, moment)))
        assert "ancienne carte" in said((await circle.dispatch(click)).reply)
    assert await at(circle, WEDNESDAY) == 1
