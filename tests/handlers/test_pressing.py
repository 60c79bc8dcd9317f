"""Whoever presses something sees its effect where they pressed it."""

from __future__ import annotations

import pytest

from bot.chat import plain
from bot.chat.action import pack
from bot.chat.event import Click, Submission
from bot.chat.form import Answers
from bot.chat.platform import Answer
from bot.chat.reply import Ask, Say
from handlers.actions import Leave, OpenPause, Resume, ShowHelp
from handlers.membership.cards import Pause
from handlers.sharing.cards import Decline
from tests.house import FRENCH, House, actions, asked, filled, kinds, said


@pytest.fixture
async def member(house: House) -> House:
    await house.with_lead()
    await house.with_member("ines")
    return house


async def pressed_on_home(house: House, action: object) -> Answer:
    sender = house.sender("ines")
    return await house.dispatch(Click(house.key(), sender, pack(action), on_home=True))  # type: ignore[arg-type]


async def test_home_follows_what_is_pressed_on_it(member: House) -> None:
    form = asked((await pressed_on_home(member, OpenPause())).reply)
    answers = Answers({**filled(form), "back": "2026-12-24"})
    sent = Submission(member.key(), member.sender("ines"), pack(Pause()), answers, on_home=True)
    paused = await member.dispatch(sent)
    assert paused.home
    assert Resume in kinds(paused.home)
    resumed = await pressed_on_home(member, Resume())
    assert resumed.home
    assert OpenPause in kinds(resumed.home)
    left = await pressed_on_home(member, Leave())
    assert left.home
    assert Leave not in kinds(left.home)


async def test_home_stays_as_it_is_while_a_form_is_open(member: House) -> None:
    answer = await pressed_on_home(member, OpenPause())
    assert isinstance(answer.reply, Ask)
    assert answer.home is None


async def test_what_is_pressed_elsewhere_leaves_home_alone(member: House) -> None:
    answer = await member.dispatch(Click(member.key(), member.sender("ines"), pack(ShowHelp())))
    assert answer.home is None


async def test_a_press_in_a_channel_that_says_nothing_is_confirmed(member: House) -> None:
    await member.with_post()
    await member.settle()
    card = member.card("ines", "alternants")
    decline = next(action for action in actions(card) if isinstance(action, Decline))
    place = f"{member.sender('ines').home}C1"
    reply = (await member.dispatch(Click(member.key(), member.sender("ines"), pack(decline), place))).reply
    assert isinstance(reply, Say)
    assert plain.render(reply.card) == FRENCH("platform.saved") == said(reply)
