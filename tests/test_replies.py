"""An answer that could not be shown waits for its person, encrypted, for a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.chat import plain
from bot.chat.action import pack
from bot.chat.card import Button, Card, Quote, buttons, text
from bot.chat.event import Command, Event, Installed, Removed, Sender, Submission
from bot.chat.form import Answers, refill
from bot.chat.platform import Answer
from bot.chat.reply import Ask, Home, Replace, Reply, Say
from bot.domain.message import State
from bot.locales import Translator
from bot.replies import Replies
from handlers.actions import Leave, Reopen
from handlers.membership.cards import Pause
from storage import messages, replies, stories, tables
from storage.transaction import CircleTransaction, Transaction
from tests.house import FRENCH, House, asked, kinds, said

SECRET_CARD = Card("Votre choix", (text("canari : la soupe"), buttons(Button("Quitter", Leave()))))
POLL = '/cercle poll "On déjeune ?" "Oui" "Non"'
GENERAL = "playground:playground:#general"


@pytest.fixture
async def circle(house: House) -> House:
    await house.with_member("ines")
    return house


async def keeps(house: House, reply: Reply, event: Event | None = None) -> bool:
    event = event or Command(house.key(), house.sender("ines"), "canari de commande", GENERAL)
    return await house.dispatch.keep(event, Answer(reply, "fr"))


async def stored(house: House) -> list[replies.KeptReply]:
    r = tables.reply.c
    rows = await house.database.read(lambda tx: tx.execute(select(r.id, r.sealed, r.poll_id)).all())
    return [replies.KeptReply(*row) for row in rows]


@pytest.mark.parametrize("reply", [Say(SECRET_CARD), Home(SECRET_CARD), Replace(SECRET_CARD)])
async def test_it_arrives_as_it_was_and_is_deleted(circle: House, reply: Reply) -> None:
    assert await keeps(circle, reply)
    assert len(await stored(circle)) == 1
    await circle.settle()
    assert circle.cards("ines")[-1] == SECRET_CARD
    assert await stored(circle) == []


async def test_nothing_of_it_can_be_read_in_the_database(circle: House) -> None:
    await keeps(circle, Say(SECRET_CARD))
    [kept] = await stored(circle)
    assert kept.sealed is not None
    for word in ("canari", "soupe", "Votre choix"):
        assert word.encode() not in kept.sealed


async def test_another_key_opens_nothing(circle: House) -> None:
    await keeps(circle, Say(SECRET_CARD))
    circle.replies._cipher = Replies(circle.dispatch._router, "another secret key")._cipher
    await circle.settle()
    assert SECRET_CARD not in circle.cards("ines")


async def test_a_row_cannot_pass_for_another(circle: House) -> None:
    await keeps(circle, Say(Card("Pour une autre fois")))
    await keeps(circle, Say(SECRET_CARD))
    first, second = await stored(circle)

    def swap(tx: Transaction) -> None:
        for mine, theirs in ((first, second), (second, first)):
            tx.execute(update(tables.reply).where(tables.reply.c.id == mine.id).values(sealed=theirs.sealed))

    await circle.database.transact(swap)
    await circle.settle()
    assert circle.cards("ines") == []


async def test_of_a_secret_ballot_only_the_poll_is_kept(circle: House) -> None:
    await circle.says("ines", POLL, GENERAL)
    [poll_id] = await circle.database.read(lambda tx: list(tx.execute(select(tables.poll.c.id)).scalars()))
    await keeps(circle, Say(SECRET_CARD, ballot=poll_id))
    [kept] = await stored(circle)
    assert (kept.sealed, kept.poll_id) == (None, poll_id)
    await circle.settle()
    card = circle.card("ines", FRENCH("reply.voted"))
    assert card.body == (Quote("On déjeune ?"),)


async def test_a_form_comes_back_as_a_button_that_opens_it(circle: House) -> None:
    form = asked(await circle.says("ines", "/cercle pause"))
    command = Command(circle.key(), circle.sender("ines"), "pause jusqu'à demain", GENERAL)
    await keeps(circle, Ask(form), command)
    await circle.settle()
    card = circle.card("ines", form.title)
    assert "/cercle pause jusqu'à demain" in plain.render(card)
    assert kinds(card) == [Reopen]
    for _ in range(2):
        assert asked(await circle.presses("ines", Reopen, card)) == form


async def test_a_form_with_mistakes_opens_with_what_was_typed(circle: House) -> None:
    form = refill(asked(await circle.says("ines", "/cercle pause")), Answers({"back": "hier"}))
    sent = Submission(circle.key(), circle.sender("ines"), pack(Pause()), Answers({"back": "hier"}))
    await keeps(circle, Ask(form, {"back": "Ce jour est passé."}), sent)
    await circle.settle()
    card = circle.card("ines", form.title)
    assert "Ce jour est passé." in plain.render(card)
    assert "hier" in plain.render(card)
    assert asked(await circle.presses("ines", Reopen, card)) == form


async def test_a_form_is_put_off_without_a_message(circle: House) -> None:
    form = asked(await circle.says("ines", "/cercle pause"))
    command = Command(circle.key(), circle.sender("ines"), "pause", GENERAL)
    answer = await circle.dispatch.put_off(command, Answer(Ask(form), "fr"))
    assert isinstance(answer.reply, Say)
    await circle.settle()
    assert circle.cards("ines") == []
    assert asked(await circle.presses("ines", Reopen, answer.reply.card)) == form


async def test_another_answer_is_not_put_off(circle: House) -> None:
    command = Command(circle.key(), circle.sender("ines"), "aide", GENERAL)
    answer = Answer(Say(SECRET_CARD), "fr")
    assert await circle.dispatch.put_off(command, answer) == answer
    assert await stored(circle) == []


async def test_a_form_opens_for_its_own_person_only(circle: House) -> None:
    await circle.with_member("tom")
    card = await put_off(circle)
    reply = await circle.presses("tom", Reopen, card)
    assert Translator("en")("error.FormExpired") in said(reply)


async def test_a_form_is_over_after_a_day(circle: House) -> None:
    card = await put_off(circle)
    circle.clock.pass_(hours=24)
    await circle.settle()
    assert FRENCH("error.FormExpired") in said(await circle.presses("ines", Reopen, card))
    assert await stored(circle) == []


async def test_nothing_of_a_form_can_be_read_in_the_database(circle: House) -> None:
    await put_off(circle)
    [kept] = await stored(circle)
    assert kept.sealed is not None
    assert FRENCH("pause.back").encode() not in kept.sealed


async def put_off(house: House) -> Card:
    """Inès' form for a pause, which could not be opened."""
    form = asked(await house.says("ines", "/cercle pause"))
    command = Command(house.key(), house.sender("ines"), "pause", GENERAL)
    answer = await house.dispatch.put_off(command, Answer(Ask(form), "fr"))
    assert isinstance(answer.reply, Say)
    return answer.reply.card


async def test_an_answer_does_not_leave_before_the_chat_wants_it(circle: House) -> None:
    command = Command(circle.key(), circle.sender("ines"), "aide", GENERAL)
    await circle.dispatch.keep(command, Answer(Say(SECRET_CARD), "fr"), wait=30)
    circle.clock.pass_(seconds=29)
    await circle.settle()
    assert circle.cards("ines") == []
    circle.clock.pass_(seconds=1)
    await circle.settle()
    assert circle.cards("ines") == [SECRET_CARD]


async def test_no_answer_is_no_message(circle: House) -> None:
    assert not await keeps(circle, None)
    assert await stored(circle) == []


async def test_nobody_is_noted_down_for_an_answer(house: House) -> None:
    assert not await keeps(house, Say(SECRET_CARD))
    rows = await house.database.read(lambda tx: tx.execute(select(tables.person.c.id)).all())
    assert rows == []


async def test_it_waits_until_the_app_is_added_and_comes_at_any_hour(circle: House) -> None:
    ines = circle.sender("ines")
    await circle.dispatch(Removed(circle.key(), ines))
    await keeps(circle, Say(SECRET_CARD), Command(circle.key(), _unreached(circle), "aide", GENERAL))
    circle.clock.pass_(hours=13)
    await circle.settle()
    assert circle.cards("ines") == []
    await circle.dispatch(Installed(circle.key(), ines))
    await circle.settle()
    assert circle.cards("ines") == [SECRET_CARD]


async def test_after_a_day_it_is_gone(circle: House) -> None:
    await keeps(circle, Say(SECRET_CARD), Command(circle.key(), _unreached(circle), "aide", GENERAL))
    circle.clock.pass_(hours=24)
    await circle.dispatch(Installed(circle.key(), circle.sender("ines")))
    await circle.settle()
    assert SECRET_CARD not in circle.cards("ines")
    assert await stored(circle) == []


async def test_whoever_leaves_takes_what_waits_along(circle: House) -> None:
    await keeps(circle, Say(SECRET_CARD), Command(circle.key(), _unreached(circle), "aide", GENERAL))
    await circle.says("ines", "/cercle leave")
    assert await stored(circle) == []
    await circle.settle()
    assert circle.cards("ines") == []


async def test_the_goodbye_reaches_whoever_left(circle: House) -> None:
    event = Command(circle.key(), circle.sender("ines"), "leave", GENERAL)
    answer = await circle.dispatch(event)
    await circle.dispatch.keep(event, answer)
    await circle.settle()
    assert "Vous avez quitté le cercle" in circle.cards("ines")[-1].title


async def test_one_that_cannot_be_delivered_is_not_listed_for_others(circle: House) -> None:
    await circle.with_lead()
    await keeps(circle, Say(SECRET_CARD))

    def dies(tx: Transaction) -> None:
        m = tables.message.c
        tx.execute(update(tables.message).where(m.kind == "reply").values(state="dead"))

    await circle.database.transact(dies)
    assert "reply" not in said(await circle.says("camille", "/cercle trace"))
    circle_id = await circle.database.read(lambda tx: tx.execute(select(tables.circle.c.id)).scalar_one())

    def listed(tx: Transaction) -> tuple[object, int]:
        bound = CircleTransaction(tx, circle_id)
        return list(stories.failures(bound, circle.clock.now - timedelta(days=1), 10)), messages.retry_all(
            bound, State.DEAD, circle.clock.now
        )

    assert await circle.database.transact(listed) == ([], 0)


def _unreached(house: House) -> Sender:
    """Inès, to whom nothing could be written one to one."""
    return replace(house.sender("ines"), reachable=False)
