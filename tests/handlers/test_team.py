"""Who looks after the circle is shown by name, also before they have ever written to Cercle."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.chat import plain
from bot.chat.action import pack
from bot.chat.event import Submission
from bot.chat.form import Answers
from bot.chat.reply import Say
from handlers.team.cards import NameTeam
from tests.house import House, said


@pytest.fixture
def house(sqlite_url: str) -> Iterator[House]:
    house = House(sqlite_url)
    yield house
    house.close()


async def names(house: House, called: dict[str, str]) -> str:
    """The team, after Camille gave a role to somebody whom Cercle has never met."""
    camille, priya = house.sender("camille"), house.sender("priya")
    given = Answers({"leads": (camille.address,), "comms": (priya.address,)})
    reply = (await house.dispatch(Submission(house.key(), camille, pack(NameTeam()), given, called))).reply
    assert isinstance(reply, Say)
    assert priya.user not in plain.render(reply.card)
    return said(await house.says("camille", "/cercle équipe"))


async def test_somebody_never_met_is_shown_by_the_name_that_the_platform_gives(house: House) -> None:
    await house.with_lead()
    assert "Priya" in await names(house, {house.sender("priya").address: "@Priya"})


async def test_somebody_whom_no_platform_names_is_not_shown_by_an_id(house: House) -> None:
    await house.with_lead()
    shown = await names(house, {})
    assert "quelqu’un" in shown
    assert "priya" not in shown.lower()
    await house.opens_home("priya")
    assert "Priya" in said(await house.says("camille", "/cercle équipe"))
