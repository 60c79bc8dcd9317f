"""A question about a post is never left lying: it goes to whoever can answer it, and comes back in time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot.chat import plain
from bot.chat.report import AccountChanged
from bot.domain.circle import Role
from handlers.posts.cards import OpenAnswer
from handlers.sharing.cards import OpenAsk
from storage import people, tables
from storage.transaction import CircleTransaction, Transaction
from tests.house import House, asked, kinds, said

QUESTION = "May we name them?"
AFTERNOON = datetime(2026, 11, 26, 14, tzinfo=UTC)
"""A Thursday, 15:00 in Paris: three working days later is the Tuesday."""


@pytest.fixture
async def circle(house: House) -> House:
    """Camille posts; Hugo is of the comms team too; Tom asks."""
    await house.with_lead()
    for who in ("hugo", "tom"):
        await house.with_member(who)
    await give(house, "hugo", Role.COMMS)
    house.clock.now = AFTERNOON
    await house.with_post()
    await house.settle()
    return house


async def give(house: House, who: str, role: Role) -> None:
    def change(tx: Transaction) -> None:
        found = people.find(tx, "playground", "playground", who)
        assert found
        people.change(CircleTransaction(tx, found[0].id), found[1], role=role)

    await house.database.transact(change)


async def close_account(house: House, who: str) -> None:
    assert await house.dispatch.report(AccountChanged(house.key(), house.sender(who), reachable=False))


async def become_guest(house: House, who: str) -> None:
    guest = replace(house.sender(who), guest=True)
    assert await house.dispatch.report(AccountChanged(house.key(), guest, reachable=None))


async def asks(house: House) -> None:
    form = asked(await house.presses("tom", OpenAsk, house.card("tom", "alternants")))
    await house.submits("tom", form, question=QUESTION)
    await house.settle()


def questions(house: House, who: str) -> list[str]:
    shown = [plain.render(card) for card in house.cards(who)]
    return [card for card in shown if QUESTION in card]


async def answers(house: House, who: str, answer: str) -> None:
    card = house.card(who, "question")
    assert await house.submits(who, asked(await house.presses(who, OpenAnswer, card)), answer=answer) is None
    await house.settle()


async def passes(house: House, **span: float) -> None:
    house.clock.pass_(**span)
    await house.settle()


async def test_it_goes_to_its_author_alone(circle: House) -> None:
    await asks(circle)
    await passes(circle, hours=2)
    assert len(questions(circle, "camille")) == 1
    assert questions(circle, "hugo") == []


@pytest.mark.parametrize("gone", [close_account, become_guest], ids=["account closed", "guest"])
async def test_it_goes_to_the_comms_team_when_the_author_is_gone(
    circle: House, gone: Callable[[House, str], Awaitable[None]]
) -> None:
    await gone(circle, "camille")
    await asks(circle)
    assert questions(circle, "camille") == []
    await answers(circle, "hugo", "Oui, toutes sont d’accord.")
    assert "Oui, toutes sont d’accord." in plain.render(circle.card("tom", "answer"))


async def test_it_goes_to_the_comms_team_when_the_author_has_lost_the_role(circle: House) -> None:
    await give(circle, "hugo", Role.LEAD)
    await give(circle, "camille", Role.NONE)
    await asks(circle)
    assert questions(circle, "camille") == []
    await answers(circle, "hugo", "Oui, toutes sont d’accord.")
    assert "Oui, toutes sont d’accord." in plain.render(circle.card("tom", "answer"))


async def test_it_goes_on_to_the_comms_team_when_its_author_loses_the_role_before_answering(
    circle: House,
) -> None:
    await asks(circle)
    await give(circle, "hugo", Role.LEAD)
    await give(circle, "camille", Role.NONE)
    await passes(circle, hours=1)
    assert OpenAnswer in kinds(circle.card("hugo", "question"))
    (former,) = questions(circle, "camille")
    assert "L’équipe communication répond maintenant" in former
    assert OpenAnswer not in kinds(circle.card("camille", "question"))


async def test_it_goes_on_to_the_comms_team_when_its_author_goes_before_answering(circle: House) -> None:
    await asks(circle)
    await close_account(circle, "camille")
    await passes(circle, hours=1)
    assert OpenAnswer in kinds(circle.card("hugo", "question"))


async def test_unanswered_after_three_working_days_it_comes_back_to_the_comms_team(circle: House) -> None:
    await asks(circle)
    circle.clock.now = datetime(2026, 12, 1, 13, 59, tzinfo=UTC)
    await circle.settle()
    assert (len(questions(circle, "camille")), len(questions(circle, "hugo"))) == (1, 0)
    circle.clock.now = datetime(2026, 12, 1, 14, tzinfo=UTC)
    await circle.settle()
    assert (len(questions(circle, "camille")), len(questions(circle, "hugo"))) == (2, 1)
    assert "Posée le jeudi 26 novembre, elle attend toujours" in questions(circle, "hugo")[0]
    await passes(circle, days=7)
    assert (len(questions(circle, "camille")), len(questions(circle, "hugo"))) == (2, 1)
    await answers(circle, "hugo", "Oui, toutes sont d’accord.")
    for who in ("camille", "hugo"):
        assert all("Oui, toutes sont d’accord." in card for card in questions(circle, who))
    assert "Oui, toutes sont d’accord." in plain.render(circle.card("tom", "answer"))


async def test_it_comes_back_to_those_who_had_it_already(circle: House) -> None:
    await close_account(circle, "camille")
    await asks(circle)
    circle.clock.now = datetime(2026, 12, 1, 14, tzinfo=UTC)
    await circle.settle()
    assert len(questions(circle, "hugo")) == 2


async def test_what_was_answered_does_not_come_back(circle: House) -> None:
    await asks(circle)
    await answers(circle, "camille", "Oui.")
    await passes(circle, days=7)
    assert (len(questions(circle, "camille")), len(questions(circle, "hugo"))) == (1, 0)
    r = tables.recurring.c
    rows = select(r.subject_id).where(r.kind == "question")
    assert await circle.database.read(lambda tx: tx.execute(rows).all()) == []


async def test_the_question_of_somebody_who_left_does_not_come_back(circle: House) -> None:
    await asks(circle)
    await circle.says("tom", "/cercle leave")
    await passes(circle, days=7)
    assert questions(circle, "hugo") == []


async def test_two_answer_one_question_and_the_first_answer_stands(circle: House) -> None:
    await close_account(circle, "camille")
    await give(circle, "tom", Role.COMMS)
    await asks(circle)
    mine = asked(await circle.presses("hugo", OpenAnswer, circle.card("hugo", "question")))
    his = asked(await circle.presses("tom", OpenAnswer, circle.card("tom", "question")))
    await circle.submits("hugo", mine, answer="Oui.")
    second = said(await circle.submits("tom", his, answer="No, never."))
    assert "Hugo has answered this question meanwhile" in second
    assert "No, never." in second
    await circle.settle()
    assert "Oui." in plain.render(circle.card("tom", "answer"))
