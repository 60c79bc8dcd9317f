"""Leaving is complete, for everybody: also for somebody who has become a guest, or has no app."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.chat import plain
from bot.chat.action import pack
from bot.chat.card import Card, LinkButton
from bot.chat.event import Click, Command, Event, HomeOpened, Installed, Removed, Said, Sender, Submission
from bot.chat.form import Answers
from bot.chat.reply import Home, Reply, Say
from bot.domain import board, kudos, meeting, message, poll, pulse, recap, rhythm
from bot.domain import round as consent_round
from bot.domain.message import Kind
from handlers.actions import Leave, OpenJoin
from handlers.posts.cards import OpenAnswer
from handlers.sharing.cards import OpenAsk
from storage import tables
from tests.house import FRENCH, House, actions, asked, filled, kinds, links, said

GENERAL = "playground:playground:#general"
SENTENCE = FRENCH("guest.outside")
MEMBERS_SENTENCE = FRENCH("guest.member")

TO_ROLES_AND_CHANNELS = {
    "gathered",
    "themes_returned",
    "question",
    "question_again",
    "undelivered",
    "disconnected",
} | {
    "call",
    "wall",
    "kudos",
    "greeting",
}
OWN_ACTS = {
    "author",
    "draft",
    "picture",
    "poll_author",
    "poll_lost",
    "reply",
    "welcome",
    "round_wall",
    "wall_down",
}


def guest_of(house: House, who: str, guest: bool | None = True) -> Sender:
    return replace(house.sender(who), guest=guest)


async def as_guest(house: House, event: type[Event], *about: object) -> Reply:
    answer = await house.dispatch(event(house.key(), guest_of(house, "ines"), *about))
    return answer.reply


async def members(house: House) -> int:
    return len(await house.database.read(lambda tx: tx.execute(select(tables.member.c.person_id)).all()))


# Who has left


def test_without_a_consent_only_roles_channels_and_own_acts_are_answered() -> None:
    modules = (board, kudos, meeting, message, poll, pulse, recap, rhythm, consent_round)
    found = {kind for module in modules for kind in vars(module).values() if isinstance(kind, Kind)}
    without = {kind.name for kind in found if not kind.consent}
    assert without == (TO_ROLES_AND_CHANNELS | OWN_ACTS) & {kind.name for kind in found}


async def test_the_answer_to_an_old_question_does_not_reach_whoever_left(house: House) -> None:
    await house.with_lead()
    await house.with_member("tom")
    await house.with_post()
    await house.settle()
    form = asked(await house.presses("tom", OpenAsk, house.card("tom", "alternants")))
    await house.submits("tom", form, question="May we name them?")
    await house.settle()
    await house.says("tom", "/cercle leave")
    before = house.cards("tom")
    answer = asked(await house.presses("camille", OpenAnswer, house.card("camille", "question")))
    await house.submits("camille", answer, answer="Oui.")
    await house.settle()
    assert house.cards("tom") == before


# Who becomes a guest


@pytest.mark.parametrize("leaves", [(Command, "leave"), (Said, "quitter"), (Click, pack(Leave()))])
async def test_a_member_who_becomes_a_guest_can_leave(house: House, leaves: tuple[type[Event], str]) -> None:
    await house.with_member("ines")
    assert FRENCH("goodbye.title") in said(await as_guest(house, *leaves))
    assert await members(house) == 0


async def test_a_guest_who_left_is_not_shown_a_way_back_that_is_closed(house: House) -> None:
    await house.with_member("ines")
    for _ in range(2):
        reply = await as_guest(house, Command, "leave")
        assert isinstance(reply, Say)
        assert actions(reply.card) == []


async def test_a_member_who_becomes_a_guest_is_told_what_they_can_do(house: House) -> None:
    await house.with_member("ines")
    reply = await as_guest(house, Command, "contents")
    assert isinstance(reply, Say)
    assert MEMBERS_SENTENCE in said(reply)
    assert actions(reply.card) == [Leave()]
    assert "organisation" in said(reply)
    assert "autre organisation" not in said(reply)


async def test_a_member_who_becomes_a_guest_receives_nothing_more(house: House) -> None:
    await house.with_lead()
    await house.with_member("ines")
    await house.with_post()
    await as_guest(house, HomeOpened)
    await house.settle()
    await house.with_post()
    for _ in range(4):
        house.clock.pass_(days=1)
        await house.settle()
    assert house.cards("ines") == []


async def test_what_waited_comes_when_the_account_is_a_full_one_again(house: House) -> None:
    await house.with_lead()
    await house.with_member("ines")
    await house.with_post()
    await as_guest(house, HomeOpened)
    await house.settle()
    await house.opens_home("ines")
    await house.settle()
    assert house.card("ines", "alternants")


async def test_where_the_platform_does_not_tell_a_guest_stays_one(house: House) -> None:
    await house.with_member("ines")
    await as_guest(house, HomeOpened)
    event = Command(house.key(), guest_of(house, "ines", None), "home")
    assert MEMBERS_SENTENCE in said((await house.dispatch(event)).reply)


async def test_each_visit_of_a_guest_to_their_home_is_answered_on_it(house: House) -> None:
    for _ in range(3):
        reply = await as_guest(house, HomeOpened)
        assert isinstance(reply, Home)
        assert plain.render(reply.card) == SENTENCE


@pytest.mark.parametrize(
    ("event", "about"),
    [
        (Command, "join"),
        (Said, "bonjour"),
        (Click, pack(OpenJoin())),
        (Installed, None),
    ],
)
async def test_a_guest_who_was_never_met_is_answered_and_not_noted_down(
    house: House, event: type[Event], about: str | None
) -> None:
    reply = await as_guest(house, event, *([about] if about else []))
    assert said(reply) == SENTENCE
    rows = await house.database.read(lambda tx: tx.execute(select(tables.account.c.id)).all())
    assert rows == []


async def test_a_guest_who_removes_the_app_is_left_alone(house: House) -> None:
    assert await as_guest(house, Removed) is None


# Who has no app


async def join_from_a_channel(house: House, who: str, reachable: bool | None) -> Card:
    sender = replace(house.sender(who), reachable=reachable, chat_url="https://chat.example/l/28:cercle")
    opened = await house.dispatch(Click(house.key(), sender, pack(OpenJoin()), GENERAL))
    form = asked(opened.reply)
    answers = Answers({**filled(form), "consent": True})
    reply = (await house.dispatch(Submission(house.key(), sender, pack(form.action), answers))).reply
    assert isinstance(reply, Say)
    return reply.card


@pytest.mark.parametrize(("reachable", "offered"), [(False, True), (None, False), (True, False)])
async def test_whoever_joins_and_cannot_be_written_to_is_told_how(
    house: House, reachable: bool | None, offered: bool
) -> None:
    card = await join_from_a_channel(house, "ines", reachable)
    expected = {FRENCH("button.open_chat"): "https://chat.example/l/28:cercle"} if offered else {}
    assert links(card) == expected
    assert (LinkButton in kinds(card)) == offered


async def test_what_is_for_them_waits_and_arrives_when_the_app_is_added(house: House) -> None:
    await house.with_lead()
    await join_from_a_channel(house, "ines", False)
    await house.with_post()
    await house.settle()
    assert house.cards("ines") == []
    house.clock.pass_(hours=1)
    await house.dispatch(Installed(house.key(), house.sender("ines")))
    await house.settle()
    assert house.card("ines", "alternants")
    assert FRENCH("added.member") in plain.render(house.card("ines", FRENCH("added.title")))


async def test_what_is_stale_by_then_does_not_arrive(house: House) -> None:
    await house.with_lead()
    await join_from_a_channel(house, "ines", False)
    await house.with_post()
    house.clock.pass_(days=60)
    await house.dispatch(Installed(house.key(), house.sender("ines")))
    await house.settle()
    assert not [card for card in house.cards("ines") if "alternants" in card.title]


async def test_a_welcome_comes_once_however_often_the_app_is_added(house: House) -> None:
    ines = house.sender("ines")
    for _ in range(2):
        await house.dispatch(Installed(house.key(), ines))
        await house.settle()
        await house.dispatch(Removed(house.key(), ines))
        await house.settle()
        house.clock.pass_(days=1)
    [card] = house.cards("ines")
    assert card.title == FRENCH("added.title")
    assert OpenJoin in kinds(card)


async def test_a_welcome_waits_for_working_time(house: House) -> None:
    house.clock.pass_(hours=12)
    await house.dispatch(Installed(house.key(), house.sender("ines")))
    await house.settle()
    assert house.cards("ines") == []
    house.clock.pass_(hours=12)
    await house.settle()
    assert len(house.cards("ines")) == 1


async def test_whoever_has_joined_meanwhile_needs_no_welcome(house: House) -> None:
    house.clock.pass_(hours=12)
    await house.dispatch(Installed(house.key(), house.sender("ines")))
    house.clock.pass_(minutes=1)
    await house.with_member("ines")
    house.clock.pass_(hours=12)
    await house.settle()
    assert house.cards("ines") == []


async def test_a_command_in_a_channel_does_not_show_that_somebody_can_be_written_to(house: House) -> None:
    await join_from_a_channel(house, "ines", False)
    unknown = replace(house.sender("ines"), reachable=None)
    await house.dispatch(Command(house.key(), unknown, "home", GENERAL))
    a = tables.account.c
    seen = select(a.reachable).where(a.external_id == "ines")
    assert await house.database.read(lambda tx: tx.execute(seen).scalar_one()) is False
