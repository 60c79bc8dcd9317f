"""Polls as people meet them: asked, voted, changed, shown elsewhere, closed, come back."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from bot.app import DRAWINGS
from bot.chat import plain
from bot.chat.action import Action, pack
from bot.chat.card import Bars, Card, Row
from bot.chat.event import Click, Command, Sender, Submission
from bot.chat.form import Answers, Form, Value
from bot.chat.messenger import Limit, Pace
from bot.chat.reply import Ask, Replace, Reply, Say
from bot.domain.member import Preferences
from bot.domain.message import State
from bot.domain.poll import POLL, POLL_REMINDER, Option, Poll
from bot.locales import Translator
from bot.platforms.slack import render as slack
from bot.platforms.teams import render as teams
from handlers.actions import AboutSecrecy
from handlers.membership.service import attach_workspace
from handlers.polls.cards import (
    AddOption,
    ChangePoll,
    OpenAddOption,
    OpenChangePoll,
    OpenPollWords,
    RefreshPoll,
    SayWords,
    ShowAgain,
    ShowHere,
    ShowMyVote,
    ShowVoters,
    StopRepeating,
    TakeBack,
    Vote,
)
from handlers.polls.export import results
from scheduler.pump import Pump
from storage import circles, entries, messages, people, polls, tables
from storage.messages import Recipient
from storage.seal import Seal
from storage.transaction import CircleTransaction, Transaction
from storage.votes import vote
from tests.house import TUESDAY, House, asked, button, kinds, links, said, votes
from tests.platforms.slack.blocks import MOMENTS
from tests.scheduler.world import FakeChat

GENERAL = "playground:playground:#general"
CAFE = "playground:playground:#cafe"
QUICK = '/cercle sondage "On déjeune ?" "Oui" "Non"'
SIGNED: dict[str, Value] = {"options": "Oui\nNon", "rules": ("live",)}
FIVE = ("ines", "hugo", "tom", "lou", "awa")


async def peopled(house: House) -> House:
    await house.with_lead()
    for who in ("ines", "hugo", "tom"):
        await house.with_member(who)
    return house


@pytest.fixture
async def circle(sqlite_url: str) -> AsyncIterator[House]:
    house = await peopled(House(sqlite_url))
    yield house
    house.close()


@pytest.fixture
async def either(house: House) -> House:
    """The same on each database, for what counts, closes and recurs."""
    return await peopled(house)


def board(house: House, place: str = GENERAL) -> Card:
    """The latest card in a channel."""
    shown = [e.said for e in house.chat.chat.entries(place, "nobody") if isinstance(e.said, Card)]
    assert shown, f"nothing in {place}"
    return shown[-1]


def counts(card: Card) -> list[int]:
    """The results, under the options while they can be chosen."""
    closed = [bar.count for element in card.body if isinstance(element, Bars) for bar in element.rows]
    rows = [element.spans[1:] for element in card.body if isinstance(element, Row)]
    return closed + [int(str(votes).split()[-1]) for row in rows for votes in row]


async def clicks(house: House, who: str, action: Action, place: str = GENERAL) -> Reply:
    return await house._heard(Click(house.key(), house.sender(who), pack(action), place))


async def presses(house: House, who: str, kind: type[Action], place: str = GENERAL) -> Reply:
    """A button of the card in a channel."""
    return await clicks(house, who, button(board(house, place), kind).action, place)


async def chooses(house: House, who: str, answer: str, place: str = GENERAL) -> Reply:
    """Votes on the card in a channel."""
    return await clicks(house, who, votes(board(house, place))[answer], place)


async def chooses_in_copy(house: House, who: str, answer: str, title: str = "") -> Reply:
    """Votes on the card that one member was sent."""
    card = house.card(who, title)
    return await house.presses(who, votes(card)[answer], card)


async def asks(house: House, who: str = "ines", place: str = "", **values: Value) -> Reply:
    """The form, filled."""
    form = asked(await house.says(who, "/cercle sondage", place))
    given = {"question": "On déjeune ?", "options": "Oui\nNon\nPeut-être", **values}
    return await house.submits(who, form, **given)


def words(card: Card) -> str:
    return plainly(plain.render(card))


def plainly(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


async def only_poll(house: House) -> Poll:
    def load(tx: Transaction) -> Poll:
        circle_id, poll_id = tx.execute(select(tables.poll.c.circle_id, tables.poll.c.id)).one()
        found = polls.load(CircleTransaction(tx, circle_id), poll_id)
        assert found
        return found

    return await house.database.read(load)


async def later(house: House, **span: float) -> None:
    """Time goes by, and all that the clock does is done."""
    house.clock.pass_(**span)
    await house.settle()


# Opening


async def test_the_quick_way_asks_the_channel_at_once(circle: House) -> None:
    reply = await circle.says("ines", QUICK, GENERAL)
    assert "Votre sondage est ouvert" in said(reply)
    await circle.settle()
    card = board(circle)
    assert card.title == "On déjeune ?"
    assert list(votes(card)) == ["Oui", "Non"]
    assert kinds(card) == [Vote, Vote, AboutSecrecy]
    assert "jusqu’au vendredi 27 novembre, 17:00" in words(card)
    assert "Sondage proposé par Inès" in words(card)
    assert "ni l’auteur du sondage ni les référents ne verront votre choix" in words(card)


async def test_a_question_alone_opens_the_form_with_it(circle: House) -> None:
    form = asked(await circle.says("ines", "/cercle sondage On déjeune ?", GENERAL))
    assert part(form, "question") == "On déjeune ?"
    assert part(form, "where") == "here"


async def test_to_write_to_every_member_takes_a_form(circle: House) -> None:
    form = asked(await circle.says("ines", QUICK))
    assert (part(form, "question"), part(form, "options")) == ("On déjeune ?", "Oui\nNon")
    assert await circle.settle() == 0
    await circle.submits("ines", form)
    await circle.settle()
    assert "On déjeune ?" in [card.title for card in circle.cards("hugo")]


def part(form: Form, name: str) -> Value:
    return next(p.value for p in form.parts if getattr(p, "name", "") == name)  # type: ignore[union-attr]


async def test_the_form_asks_every_member_in_their_own_conversation(circle: House) -> None:
    await asks(circle)
    await circle.settle()
    for who in ("hugo", "tom"):
        assert circle.card(who, "On déjeune ?")
    assert "Vous avez proposé ce sondage" in words(circle.card("ines", "On déjeune ?"))
    assert Counter(c.title for c in circle.cards("ines"))["On déjeune ?"] == 1


async def test_a_poll_for_members_waits_for_working_time_and_counts(circle: House) -> None:
    circle.clock.pass_(hours=12)
    await asks(circle)
    await circle.settle()
    assert "On déjeune ?" not in [card.title for card in circle.cards("hugo")]
    await later(circle, hours=12)
    assert circle.card("hugo", "On déjeune ?")

    def shown(tx: Transaction) -> list[bool]:
        m = tables.message.c
        return list(tx.execute(select(m.counts).where(m.kind == POLL.name)).scalars())

    assert all(await circle.database.read(shown))


async def test_only_members_ask(circle: House) -> None:
    for text in (QUICK, "/cercle sondage", "/cercle sondage Quand ?"):
        assert "membres du cercle" in said(await circle.says("lou", text, GENERAL))


async def test_a_form_sent_twice_is_one_poll(circle: House) -> None:
    form = asked(await circle.says("ines", "/cercle sondage", GENERAL))
    good = {"question": "?", "options": "a\nb"}
    await circle.submits("ines", form, **good)
    assert "n’est plus à jour" in said(await circle.submits("ines", form, **good))
    await only_poll(circle)


async def test_a_form_of_yesterday_is_forgotten(circle: House) -> None:
    form = asked(await circle.says("ines", "/cercle sondage", GENERAL))
    await later(circle, hours=25)
    sorry = said(await circle.submits("ines", form, question="Perdue ?", options="a\nb"))
    assert "Perdue ?" in sorry


NOTHING = {"question": "", "options": "", "closes_date": ""}
MISTAKES: tuple[tuple[dict[str, str], dict[str, str]], ...] = (
    ({"question": ""}, {"question": "La question est vide"}),
    ({"options": "seule"}, {"options": "au moins deux"}),
    ({"options": ""}, {"options": "au moins deux"}),
    ({"options": "\n".join(map(str, range(11)))}, {"options": "10 réponses, et cela en fait 11"}),
    ({"options": "Oui\n oui \nNon"}, {"options": "« oui » y est déjà"}),
    ({"options": "a\n" + "b" * 76}, {"options": "en prend 76"}),
    ({"closes_date": "2026-11-23"}, {"closes_date": "déjà passé"}),
    ({"closes_date": "2026-11-24", "closes_time": "09:00"}, {"closes_date": "déjà passé"}),
    ({"closes_date": "2029-01-01"}, {"closes_date": "plus d’un an"}),
    (NOTHING, NOTHING),
)


async def test_each_mistake_is_said_beside_its_input(circle: House) -> None:
    for values, wrong in MISTAKES:
        reply = await asks(circle, place=GENERAL, **values)
        assert isinstance(reply, Ask)
        assert set(reply.errors) == set(wrong)
        for name, sentence in wrong.items():
            assert sentence in plainly(reply.errors[name])
        for name, value in values.items():
            assert part(reply.form, name) == value.strip()
    good = {"question": "?", "options": "a\nb", "closes_date": "2026-11-27", "closes_time": "17:00"}
    assert isinstance(await circle.submits("ines", reply.form, **good), Say)


MISTYPED = {
    '"Quand ?" "lundi" "mardi': "Il manque un guillemet",
    '"Quand ?" "lundi" ou "mardi"': "hors des guillemets : ou",
    '"Quand ?" "lundi"': "au moins deux",
    '"Quand ?" "lundi" ""': "vide",
    '"Quand ?" "lundi" "Lundi"': "y est déjà",
    '"" "a" "b"': "La question est vide",
    '"Quand ?" ' + " ".join(f'"{n}"' for n in range(11)): "cela en fait 11",
    '"' + "?" * 151 + '" "a" "b"': "en prend 151",
    '"Quand ?" "a" "' + "b" * 80 + '"': "en prend 80",
}


async def test_the_quick_way_mistyped(circle: House) -> None:
    for typed, sentence in MISTYPED.items():
        answer = said(await circle.says("ines", f"/cercle sondage {typed}", GENERAL))
        assert sentence in plainly(answer)
        assert typed in answer  # nothing typed is lost
    assert await all_polls(circle) == []


async def test_markup_in_a_question_stays_words(circle: House) -> None:
    bad = ("<!channel>", "*gras*", "[a](https://evil.example)", "<at>Tom</at>", "`x`", "@here")
    text = " ".join(f'"{option}"' for option in bad)
    await circle.says("ines", f'/cercle sondage "<!here> *tout* ?" {text}', GENERAL)
    await circle.settle()
    card = board(circle)
    assert list(votes(card)) == list(bad)
    assert kinds(card) == [*[Vote] * len(bad), AboutSecrecy]
    drawn = slack.message(card)
    assert "<!" not in drawn["text"]
    elements = [each for block in drawn["blocks"] for each in block.get("elements", ())]
    parsed = [MOMENTS.sub("", each["text"]) for each in elements if each["type"] == "mrkdwn"]
    assert parsed
    assert not any("<!" in words for words in parsed)
    rows = [block for block in drawn["blocks"] if block["type"] == "section"]
    assert [row["text"]["type"] for row in rows] == ["plain_text"] * len(bad)
    blocks = teams.card(card)["body"]
    markdown = [each["text"] for each in blocks if each["type"] == "TextBlock"]
    assert not any(mark in text for mark in ("*tout*", "[a](") for text in markdown)


# Voting


async def test_one_click_votes_and_another_changes_it(either: House) -> None:
    await asks(either, place=GENERAL, **SIGNED)
    await either.settle()
    assert "Votre choix : Oui" in said(await chooses(either, "hugo", "Oui")).replace("\u00a0", " ")
    await later(either, seconds=2)
    assert counts(board(either)) == [1, 0]
    assert "Votre choix : Non" in said(await chooses(either, "hugo", "Non")).replace("\u00a0", " ")
    await later(either, seconds=2)
    assert counts(board(either)) == [0, 1]
    assert "1 vote," in words(board(either))


async def test_a_vote_is_taken_back_on_the_private_answer(circle: House) -> None:
    await circle.says("ines", QUICK, GENERAL)
    await circle.settle()
    reply = await chooses(circle, "hugo", "Oui")
    assert isinstance(reply, Say)
    back = await clicks(circle, "hugo", button(reply.card, TakeBack).action)
    assert isinstance(back, Replace)
    assert "Aucun choix" in words(back.card)
    assert (await only_poll(circle)).voters == 0


async def test_a_double_click_is_one_vote(circle: House) -> None:
    """Two clicks are two events to a platform; neither takes the other back."""
    await circle.says("ines", QUICK, GENERAL)
    await circle.settle()
    await chooses(circle, "hugo", "Oui")
    assert "C’est déjà votre choix" in said(await chooses(circle, "hugo", "Oui"))
    assert (await only_poll(circle)).voters == 1


async def test_several_answers_where_several_are_asked_for(either: House) -> None:
    await asks(either, place=GENERAL, rules=("many", "live"))
    await either.settle()
    await chooses(either, "hugo", "Oui")
    answer = said(await chooses(either, "hugo", "Peut-être"))
    assert "Oui et Peut-être" in answer
    await later(either, seconds=2)
    assert counts(board(either)) == [1, 0, 1]
    assert "1 personne a voté" in words(board(either))


async def test_anyone_of_the_workspace_votes_in_a_channel_and_a_guest_does_not(circle: House) -> None:
    await circle.says("ines", QUICK, GENERAL)
    await circle.settle()
    assert "Votre choix" in said(await chooses(circle, "lou", "Oui"))
    packed = pack(votes(board(circle))["Oui"])
    guest = Sender("playground", "playground", "guest", "Guest", guest=True)
    reply = (await circle.dispatch(Click(circle.key(), guest, packed, GENERAL))).reply
    assert said(reply) == Translator("en")("guest.outside")
    assert (await only_poll(circle)).voters == 1


async def test_a_member_sees_their_signed_choice_in_their_own_copy_at_once(circle: House) -> None:
    await asks(circle, rules=("live",))
    await circle.settle()
    assert await chooses_in_copy(circle, "hugo", "Oui") is None
    await circle.settle()
    card = circle.card("hugo", "On déjeune ?")
    assert isinstance(votes(card)["Oui"], TakeBack)
    assert "Votre choix : Oui" in words(card)
    assert await circle.presses("hugo", TakeBack, card) is None
    await circle.settle()
    assert isinstance(votes(circle.card("hugo"))["Oui"], Vote)
    assert counts(circle.card("hugo")) == [0, 0, 0]


async def test_the_author_votes_on_their_own_card(circle: House) -> None:
    await asks(circle, rules=("live",))
    await circle.settle()
    await chooses_in_copy(circle, "ines", "Non")
    await circle.settle()
    assert isinstance(votes(circle.card("ines"))["Non"], TakeBack)
    assert counts(circle.card("ines")) == [0, 1, 0]


async def test_what_was_asked_of_members_only_members_answer(circle: House) -> None:
    await asks(circle)
    await circle.settle()
    vote = votes(circle.card("hugo"))["Oui"]
    assert "membres du cercle" in said(await clicks(circle, "lou", vote, ""))
    assert (await only_poll(circle)).voters == 0


async def test_others_votes_show_when_asked_for(circle: House) -> None:
    await asks(circle, rules=("live",))
    await circle.settle()
    await chooses_in_copy(circle, "hugo", "Oui")
    await circle.settle()
    assert counts(circle.card("tom")) == [0, 0, 0]
    assert await circle.presses("tom", RefreshPoll, circle.card("tom")) is None
    await circle.settle()
    assert counts(circle.card("tom")) == [1, 0, 0]


async def test_results_that_wait_for_the_end_show_to_nobody_before(circle: House) -> None:
    await asks(circle, place=GENERAL, rules=())
    await circle.settle()
    await chooses(circle, "hugo", "Oui")
    await later(circle, seconds=2)
    assert counts(board(circle)) == []
    assert "Résultats à la clôture" in words(board(circle))
    assert counts(circle.card("ines", "On déjeune ?")) == []
    await later(circle, days=4)
    assert counts(board(circle)) == [1, 0, 0]


async def test_where_results_wait_no_copy_of_a_member_counts_the_votes_it_has_not_seen(
    circle: House,
) -> None:
    await asks(circle, rules=())
    await circle.settle()
    await chooses_in_copy(circle, "hugo", "Oui")
    await circle.settle()
    for who in ("hugo", "tom", "ines"):
        assert "vote, " not in words(circle.card(who, "On déjeune ?"))
        assert "votes, " not in words(circle.card(who, "On déjeune ?"))
    assert "Ouvert jusqu’au vendredi 27 novembre, 17:00" in words(circle.card("hugo", "On déjeune ?"))
    await later(circle, days=4)
    assert "1 vote. Closed" in words(circle.card("tom", "On déjeune ?"))


# Voting secretly


async def test_a_secret_poll_shows_no_result_and_a_rounded_number_of_voters_while_it_is_open(
    either: House,
) -> None:
    await asks(either, place=GENERAL, rules=("anonymous", "live"))
    await either.settle()
    first = board(either)
    assert counts(first) == []
    assert "Moins de cinq personnes ont répondu pour l’instant" in words(first)
    for who in FIVE[:4]:
        await chooses(either, who, "Oui")
    await later(either, seconds=2)
    assert board(either) == first
    await chooses(either, FIVE[4], "Non")
    await chooses(either, "sam", "Non")
    await later(either, seconds=2)
    for card in (board(either), either.card("ines", "On déjeune ?")):
        assert "Au moins 5 personnes ont répondu" in words(card)
        assert counts(card) == []
    assert "Au moins 5 personnes" in said(await either.says("ines", "/cercle sondages", GENERAL))
    await later(either, days=4)
    assert counts(board(either)) == [4, 2, 0]


async def test_a_secret_poll_of_fewer_than_five_says_why_it_shows_nothing(either: House) -> None:
    await asks(either, place=GENERAL, rules=("anonymous",))
    await either.settle()
    for who in FIVE[:4]:
        await chooses(either, who, "Oui")
    token = (await only_poll(either)).export_token
    await later(either, days=4)
    for card in (board(either), either.card("ines", "On déjeune ?")):
        assert counts(card) == []
        assert "Moins de cinq personnes ont voté" in words(card)
        assert "vote." not in words(card)
        assert links(card) == {}
    assert await either.database.read(lambda tx: results(tx, either.clock(), token)) is None


async def test_a_members_own_copy_says_that_they_voted_and_shows_what_to_them_alone(either: House) -> None:
    await asks(either, rules=("anonymous",))
    await either.settle()
    assert "Votre choix : Oui" in plainly(said(await chooses_in_copy(either, "hugo", "Oui")))
    await either.settle()
    voted = either.card("hugo", "On déjeune ?")
    assert "✓ Vous avez voté" in words(voted)
    assert "Votre choix" not in words(voted)
    assert {type(action) for action in votes(voted).values()} == {Vote}
    assert "Votre choix : Non" in plainly(said(await chooses_in_copy(either, "hugo", "Non")))
    await either.settle()
    assert either.card("hugo", "On déjeune ?") == voted
    mine = await either.presses("hugo", ShowMyVote, voted)
    assert isinstance(mine, Say)
    assert "Votre choix : Non" in words(mine.card)
    back = await either.presses("hugo", TakeBack, mine.card)
    assert isinstance(back, Replace)
    assert "Aucun choix" in words(back.card)
    await either.settle()
    assert "✓" not in words(either.card("hugo", "On déjeune ?"))
    await later(either, days=4)
    assert "est clos" in said(await clicks(either, "hugo", ShowMyVote((await only_poll(either)).id)))


async def test_what_becomes_of_a_secret_vote_is_said_by_a_button_and_a_command(circle: House) -> None:
    await circle.says("ines", QUICK, GENERAL)
    await circle.settle()
    assert "ce que devient une réponse secrète" in said(await circle.says("hugo", "/cercle aide"))
    answers = [await presses(circle, "hugo", AboutSecrecy), await circle.says("hugo", "/cercle secret")]
    for answer in map(said, answers):
        assert "les sauvegardes faites pendant que la question était ouverte" in answer
        assert "les archives d’une base PostgreSQL" in answer
        assert "ce que Slack ou Microsoft gardent de vos clics" in answer


async def test_votes_that_nobody_can_count_any_more_are_said_to_be_lost(either: House) -> None:
    """Because CERCLE_SECRET_KEY was changed while the poll was open."""
    await asks(either, rules=("anonymous",))
    await either.settle()
    await chooses_in_copy(either, "hugo", "Oui")
    either.database.close()
    other = House(either.url, either.clock, seal=Seal.of_secret("another secret, as long as the first one"))
    other.keys, either.database = either.keys, other.database
    other.chat = either.chat
    other.pump = Pump(other.database, [other.chat], DRAWINGS, "https://cercle.example", other.clock)
    option = votes(either.card("tom", "On déjeune ?"))["Oui"]
    assert "the secret key of this Cercle was changed" in said(await clicks(other, "tom", option, ""))
    await later(other, days=4)
    card = other.card("hugo", "On déjeune ?")
    assert "n’ont pas pu être comptées" in words(card)
    assert (await only_poll(other)).lost


# Adding an option, answering freely


async def test_an_option_is_added_by_whoever_votes(either: House) -> None:
    await asks(either, place=GENERAL, rules=("anonymous", "live", "open_options"))
    await either.settle()
    form = asked(await presses(either, "lou", OpenAddOption))
    assert await either.submits("lou", form, options="Plus tard") is None
    await later(either, seconds=2)
    assert list(votes(board(either))) == ["Oui", "Non", "Peut-être", "Plus tard"]
    again = await either.submits("hugo", form, options=" plus TARD ")
    assert isinstance(again, Ask)
    assert "y est déjà" in again.errors["options"]


async def test_an_option_is_added_to_every_members_copy(circle: House) -> None:
    await asks(circle, rules=("live", "open_options"))
    await circle.settle()
    form = asked(await circle.presses("hugo", OpenAddOption, circle.card("hugo")))
    await circle.submits("hugo", form, options="Plus tard")
    await later(circle, seconds=61)
    assert "Plus tard" in votes(circle.card("tom", "On déjeune ?"))


async def test_there_is_room_for_ten_options_and_for_those_asked_for(circle: House) -> None:
    await asks(circle, place=GENERAL, rules=("live", "open_options"))
    await circle.settle()
    form = asked(await presses(circle, "lou", OpenAddOption))
    for n in range(7):
        assert await circle.submits("lou", form, options=f"n° {n}") is None
    assert "n’en prend pas d’autre" in said(await circle.submits("lou", form, options="Onze"))
    await later(circle, seconds=2)
    assert OpenAddOption not in kinds(board(circle))


async def test_a_poll_with_fixed_options_takes_no_other(circle: House) -> None:
    await circle.says("ines", QUICK, GENERAL)
    poll = await only_poll(circle)
    added = await submit(circle, "lou", AddOption(poll.id), options="x")
    assert "n’en prend pas d’autre" in said(added)
    spoken = await submit(circle, "lou", SayWords(poll.id), words="x")
    assert "ne demande pas de réponse libre" in said(spoken).replace("\u00a0", " ")


async def submit(house: House, who: str, action: Action, **values: Value) -> Reply:
    answers = Answers(dict(values))
    return await house._heard(Submission(house.key(), house.sender(who), pack(action), answers))


async def speak(house: House, who: str, text: str) -> Reply:
    form = asked(await presses(house, who, OpenPollWords))
    return await house.submits(who, form, words=text)


async def test_free_answers_show_at_the_end_and_from_five_on(either: House) -> None:
    rules = ("anonymous", "live", "asks_words")
    for number, shown in ((4, False), (5, True)):
        await asks(either, place=GENERAL, question=f"À {number} ?", rules=rules)
        await either.settle()
        speakers = ("ines", "hugo", "lou", "awa", "camille")[:number]
        for who in speakers:
            noted = await speak(either, who, f"Mots de {who}")
            assert isinstance(noted, Say)
            assert f"Mots de {who}" not in said(noted)  # an answer to a form is a message in Teams
            mine = await either.presses(who, ShowMyVote, noted.card)
            assert f"Mots de {who}" in said(mine)  # one's own are one's own
        await later(either, seconds=2)
        assert "Mots de" not in words(board(either))
        await later(either, days=6)
        assert [f"Mots de {who}" in words(board(either)) for who in speakers] == [shown] * number


async def test_free_words_are_changed_and_taken_back(either: House) -> None:
    await asks(either, place=GENERAL, rules=("live", "asks_words"))
    await either.settle()
    await speak(either, "hugo", "Premiers mots")
    await speak(either, "hugo", "Seconds mots")
    await later(either, seconds=2)
    assert "Seconds mots" in words(board(either))  # signed, and live
    assert "Premiers" not in words(board(either))
    await speak(either, "hugo", " ")
    await later(either, seconds=2)
    assert "Seconds" not in words(board(either))
    long = await speak(either, "hugo", "x" * 501)
    assert isinstance(long, Ask)


async def test_a_signed_poll_says_so_and_shows_it(either: House) -> None:
    await asks(either, place=GENERAL, rules=("live",))
    await either.settle()
    assert "Vote signé" in words(board(either))
    await chooses(either, "hugo", "Oui")
    shown = said(await presses(either, "lou", ShowVoters))
    assert "Hugo" in shown


async def test_nobody_is_shown_who_chose_what_in_a_secret_one_or_before_the_end(circle: House) -> None:
    await circle.says("ines", QUICK, GENERAL)
    await asks(circle, place=CAFE, rules=())
    await circle.settle()
    for place in (GENERAL, CAFE):
        await chooses(circle, "hugo", "Oui", place)
    ids = await circle.database.read(lambda tx: list(tx.execute(select(tables.poll.c.id)).scalars()))
    for poll_id in ids:
        for who in ("ines", "camille"):
            assert "Hugo" not in said(await clicks(circle, who, ShowVoters(poll_id)))


# Closing


async def test_it_closes_by_itself_and_says_so_everywhere(either: House) -> None:
    await either.says("ines", QUICK, GENERAL)
    await either.settle()
    for who in FIVE:
        await chooses(either, who, "Oui")
    old = board(either)
    await later(either, days=3, hours=7, seconds=5)
    card = board(either)
    assert kinds(card) == []
    assert counts(card) == [5, 0]
    assert "5 votes. Clos le vendredi 27 novembre, 17:00." in words(card)
    assert "Clos le" in words(either.card("ines", "On déjeune ?"))
    late = await clicks(either, "tom", votes(old)["Non"])
    assert "This poll is closed" in said(late)
    back = await clicks(either, "hugo", TakeBack(votes(old)["Oui"].option))
    assert "Ce sondage est clos" in said(back)
    assert counts(board(either)) == [5, 0]


async def test_a_vote_between_the_hour_and_the_tick_is_late(circle: House) -> None:
    await circle.says("ines", QUICK, GENERAL)
    await circle.settle()
    circle.clock.pass_(days=3, hours=7)
    assert "Ce sondage est clos" in said(await chooses(circle, "hugo", "Oui"))


async def test_its_author_closes_it_early_or_keeps_it_open(circle: House) -> None:
    await circle.says("ines", QUICK, GENERAL)
    await circle.settle()
    form = asked(await circle.presses("ines", OpenChangePoll, circle.card("ines")))
    assert (part(form, "closes_date"), part(form, "closes_time")) == ("2026-11-27", "17:00")
    wrong = await circle.submits("ines", form, closes_date="2026-11-20")
    assert isinstance(wrong, Ask)
    assert "lundi 30 novembre" in said(await circle.submits("ines", form, closes_date="2026-11-30"))
    await later(circle, days=5)
    assert "jusqu’au lundi 30 novembre" in words(board(circle))
    assert "est clos" in said(await circle.submits("ines", form, closes_date="2026-11-30", now=True))
    await circle.settle()
    assert "Clos le" in words(board(circle))
    assert "est clos" in said(await circle.submits("ines", form, closes_date="2026-12-02"))


async def test_nobody_else_changes_it(circle: House) -> None:
    await circle.says("ines", QUICK, GENERAL)
    poll = await only_poll(circle)
    for action in (OpenChangePoll(poll.id), StopRepeating(poll.id), ShowAgain(poll.id)):
        assert "Seule la personne" in said(await clicks(circle, "camille", action))
    assert "Seule la personne" in said(await submit(circle, "camille", ChangePoll(poll.id), now=True))
    assert (await only_poll(circle)).is_open(circle.clock())


async def test_a_card_that_has_not_left_when_the_poll_closes_never_leaves(circle: House) -> None:
    await circle.with_member("awa")
    await circle.says("awa", "/cercle pause 2026-12-20")
    await asks(circle)
    await later(circle, days=30)
    assert "On déjeune ?" not in [card.title for card in circle.cards("awa")]


async def test_the_circles_log_tells_of_polls_for_everybody_and_of_no_other(circle: House) -> None:
    await circle.says("ines", '/cercle sondage "Entre nous ?" "a" "b"', GENERAL)
    await asks(circle)
    await later(circle, days=4)
    poll = await only_of(circle, "On déjeune ?")
    log = await circle.database.read(lambda tx: entries.latest(CircleTransaction(tx, poll.circle_id), 9))
    told = [(entry.what, entry.values["question"]) for entry in log if entry.what.startswith("log.poll")]
    assert told == [("log.poll_few", "On déjeune ?"), ("log.poll_opened", "On déjeune ?")]


async def only_of(house: House, question: str) -> Poll:
    def load(tx: Transaction) -> Poll:
        p = tables.poll.c
        circle_id, poll_id = tx.execute(select(p.circle_id, p.id).where(p.question == question)).one()
        found = polls.load(CircleTransaction(tx, circle_id), poll_id)
        assert found
        return found

    return await house.database.read(load)


# Reminding


@pytest.mark.parametrize("rules", [("anonymous",), ("live",)], ids=["secret", "signed"])
async def test_a_reminder_goes_once_to_those_who_have_not_answered(
    circle: House, rules: tuple[str, ...]
) -> None:
    await asks(circle, closes_date="2026-11-27", closes_time="17:00", rules=rules)
    await circle.settle()
    await chooses_in_copy(circle, "hugo", "Oui")
    await later(circle, days=2, hours=6)
    assert reminded(circle) == []
    for _ in range(4):
        await later(circle, hours=1, minutes=5)
    assert reminded(circle) == ["tom"]  # Friday comes; Inès asked, Hugo answered
    await chooses_in_copy(circle, "tom", "Oui", "On déjeune ?")
    await circle.settle()
    assert "✓" in str(circle.card("tom"))


def reminded(house: House) -> list[str]:
    said = ("ferme bientôt", "closes soon")
    everybody = ("camille", "ines", "hugo", "tom", "awa")
    return [who for who in everybody if any(w in words(c) for c in house.cards(who) for w in said)]


async def test_a_closing_that_is_put_off_is_not_soon_and_reminds_nobody_again(circle: House) -> None:
    await asks(circle)
    await circle.settle()
    await later(circle, days=2, hours=8)
    assert "This poll closes soon" in words(circle.card("tom", "On déjeune ?"))
    form = asked(await circle.presses("ines", OpenChangePoll, circle.card("ines", "On déjeune ?")))
    await circle.submits("ines", form, closes_date="2026-12-04")
    await later(circle, seconds=1)
    assert "This poll closes soon" not in words(circle.card("tom", "On déjeune ?"))
    await later(circle, days=6, hours=16)
    assert [card.title for card in circle.cards("tom")].count("On déjeune ?") == 2


async def test_whoever_answers_before_it_may_leave_is_not_reminded(either: House) -> None:
    await asks(either, closes_date="2026-11-27", closes_time="12:00")
    await either.settle()
    await later(either, days=2, hours=12)  # Thursday, late in the evening: it waits for the morning
    waiting = await either.database.read(partial(count, kind=POLL_REMINDER.name, state=State.WAITING))
    assert waiting == 2
    for who in ("hugo", "tom"):
        await chooses_in_copy(either, who, "Oui")
    await later(either, hours=11)
    assert reminded(either) == []


def count(tx: Transaction, **where: object) -> int:
    m = tables.message.c
    matching = (m[name] == value for name, value in where.items())
    return tx.execute(select(func.count()).select_from(tables.message).where(*matching)).scalar_one()


async def test_no_reminder_for_a_channel_or_a_short_poll(circle: House) -> None:
    await asks(circle, place=GENERAL, closes_date="2026-11-27")
    await asks(circle, closes_date="2026-11-26", closes_time="09:59")
    for _ in range(6):
        await later(circle, hours=9)
    assert await circle.database.read(partial(count, kind=POLL_REMINDER.name)) == 0


# Where it stands


async def test_a_channel_without_the_bot_is_told_to_the_author_with_what_mends_it(
    circle: House,
) -> None:
    lost = "playground:playground:#private"
    await circle.says("ines", QUICK, lost)
    await circle.settle()
    await circle.settle()
    card = circle.card("ines", "On déjeune ?")
    assert "Dans ce canal : ajouter l’application Cercle" in words(card)
    circle.chat.chat._conversations[lost] = {}  # somebody invites the bot
    assert await circle.presses("ines", ShowAgain, card) is None
    await circle.settle()
    assert list(votes(board(circle, lost))) == ["Oui", "Non"]
    assert kinds(board(circle, lost)) == [Vote, Vote, AboutSecrecy]
    assert "ajouter l’application" not in words(circle.card("ines", "On déjeune ?"))


async def test_one_poll_in_slack_and_in_teams_has_one_count(either: House) -> None:
    """Two workspaces of one either, a card in each, and every vote on both."""
    await asks(either, place=GENERAL, where="anywhere", rules=("live",))
    poll = await only_poll(either)
    await either.database.transact(partial(second_home, circle_id=poll.circle_id))
    there = FakeChat(either.clock, name="teams")
    pump = Pump(either.database, [either.chat, there], DRAWINGS, "https://cercle.example", either.clock)
    ada = Sender("teams", "tenant", "ada", "Ada", "fr-FR", "Europe/Paris")
    listing = (await either.dispatch(Command("k1", ada, "sondages", TEAM))).reply
    assert isinstance(listing, Say)
    assert kinds(listing.card) == [ShowHere]
    show = pack(button(listing.card, ShowHere).action)
    alone = Click("k2", ada, show)  # Teams answers one to one, so that is where the button stands
    assert "comptés ensemble" in said((await either.dispatch(alone)).reply)
    await pump.drain()
    await chooses(either, "hugo", "Oui")
    await either.dispatch(Click("k3", ada, pack(votes(board(either))["Oui"]), TEAM))
    either.clock.pass_(seconds=2)
    await pump.drain()
    assert counts(board(either)) == [2, 0, 0]
    assert there.calls["update"] == 1
    copies = await either.database.read(
        lambda tx: polls.standing(CircleTransaction(tx, poll.circle_id), poll)
    )
    assert {copy.where.address for copy in copies} == {GENERAL, TEAM}


TEAM = "teams:tenant:19:channel"


def second_home(tx: Transaction, circle_id: str) -> None:
    attach_workspace(CircleTransaction(tx, circle_id), "teams", "tenant")
    people.add(tx, "teams", "tenant", "ada", name="Ada", language="fr", zone="Europe/Paris")
    found = people.find(tx, "teams", "tenant", "ada")
    assert found
    topics = frozenset(topic.id for topic in circles.topics(CircleTransaction(tx, circle_id)))
    people.join(tx, found[1], Preferences(topics=topics), 1, TUESDAY)


async def test_what_was_kept_to_one_channel_is_not_offered_to_others(circle: House) -> None:
    await circle.says("ines", QUICK, GENERAL)
    poll = await only_poll(circle)
    for who in ("hugo", "camille", "lou"):
        assert "On déjeune" not in said(await circle.says(who, "/cercle sondages", CAFE))
    form = asked(await circle.says("hugo", "/cercle sondage", CAFE))
    forged = ShowHere(poll.id, form.action.draft)  # type: ignore[attr-defined]
    assert "gardé en un seul lieu" in said(await clicks(circle, "hugo", forged, CAFE))
    assert "dans un canal" in said(await clicks(circle, "ines", forged, CAFE))
    for place, shown in ((CAFE, True), ("", False)):
        reply = await circle.says("ines", "/cercle sondages", place)
        assert isinstance(reply, Say)
        assert (ShowHere in kinds(reply.card)) is shown


async def test_the_list_with_nothing_in_it(circle: House) -> None:
    assert "Aucun sondage n’est ouvert" in said(await circle.says("hugo", "/cercle sondages", CAFE))


async def test_a_click_on_another_circles_option_is_met_kindly(circle: House) -> None:
    await circle.says("ines", QUICK, GENERAL)
    await circle.settle()
    vote = pack(votes(board(circle))["Oui"])
    stranger = Sender("slack", "T9", "U9", "Eve", "fr-FR", "Europe/Paris")
    assert "n’est plus là" in said((await circle.dispatch(Click("k", stranger, vote, "slack:T9:C1"))).reply)
    assert "n’est plus là" in said(await clicks(circle, "hugo", Vote("nothing")))
    assert (await only_poll(circle)).voters == 0


# Coming back


async def test_it_comes_back_on_its_day_where_it_stood(either: House) -> None:
    """Opened at 10:00 in Paris on 20 October; the clocks change on the 25th."""
    either.clock.now = datetime(2026, 10, 20, 8, 0, 30, tzinfo=UTC)
    await asks(either, place=GENERAL, repeats="weekly", closes_date="2026-10-22", rules=("live",))
    await either.settle()
    await chooses(either, "hugo", "Oui")
    either.clock.now = datetime(2026, 10, 27, 8, 59, tzinfo=UTC)
    await either.settle()
    assert len(await all_polls(either)) == 1
    await later(either, minutes=1, seconds=15)
    first, second = await all_polls(either)
    assert second.closes_at == datetime(2026, 10, 29, 16, 0, tzinfo=UTC)
    assert (second.series, second.repeats) == (first.id, "weekly")
    assert (first.closed_at is not None, first.repeats) == (True, "")
    assert counts(board(either)) == [0, 0, 0]
    await later(either, minutes=5)
    assert len(await all_polls(either)) == 2
    either.clock.now = datetime(2026, 11, 3, 9, 1, tzinfo=UTC)
    await either.settle()
    assert len(await all_polls(either)) == 3


async def test_its_author_is_not_woken_when_it_comes_back(circle: House) -> None:
    """Opened in a night by somebody awake, and in another by the clock."""
    circle.clock.now = datetime(2026, 10, 18, 0, 30, tzinfo=UTC)
    await asks(circle, place=GENERAL, repeats="weekly", closes_date="2026-10-22", closes_time="17:00")
    await circle.settle()
    assert repeating_cards(circle, "ines") == 1
    await later(circle, days=7, hours=1)
    assert len(await all_polls(circle)) == 2
    assert repeating_cards(circle, "ines") == 0
    await later(circle, days=1, hours=7)
    assert repeating_cards(circle, "ines") == 1


def repeating_cards(house: House, who: str) -> int:
    return sum(StopRepeating in kinds(card) for card in house.cards(who))


async def test_a_series_stops_when_told_to_or_when_its_author_leaves(circle: House) -> None:
    await asks(circle, place=GENERAL, repeats="weekly")
    await asks(circle, "hugo", place=CAFE, repeats="monthly")
    await circle.settle()
    assert await circle.presses("ines", StopRepeating, circle.card("ines")) is None
    await circle.says("hugo", "/cercle quitter")
    for _ in range(6):
        await later(circle, days=7)
    assert len(await all_polls(circle)) == 2


async def test_a_form_turns_repeating_on_without_an_extra_one_today(circle: House) -> None:
    await circle.says("ines", QUICK, GENERAL)
    await circle.settle()
    form = asked(await circle.presses("ines", OpenChangePoll, circle.card("ines")))
    circle.clock.pass_(hours=2)
    await circle.submits("ines", form, repeats="weekly")
    await later(circle, minutes=5)
    assert len(await all_polls(circle)) == 1
    await later(circle, days=7)
    assert len(await all_polls(circle)) == 2


async def all_polls(house: House) -> list[Poll]:
    def load(tx: Transaction) -> list[Poll]:
        p = tables.poll.c
        rows = list(tx.execute(select(p.circle_id, p.id).order_by(p.opened_at)))
        return [
            found
            for circle_id, poll_id in rows
            if (found := polls.load(CircleTransaction(tx, circle_id), poll_id))
        ]

    return await house.database.read(load)


# The results to keep


async def test_the_results_come_as_a_table_once_it_is_closed(circle: House) -> None:
    await asks(circle, place=GENERAL, question="=1+1 ?", options="@Oui\nNon; jamais", rules=())
    await circle.settle()
    await chooses(circle, "hugo", "@Oui")
    token = (await only_poll(circle)).export_token
    assert await circle.database.read(lambda tx: results(tx, circle.clock(), token)) is None
    assert await circle.database.read(lambda tx: results(tx, circle.clock(), "nothing")) is None
    await later(circle, days=4)
    (url,) = links(circle.card("ines", "=1+1")).values()
    assert url.endswith(f"/f/poll.csv/{token}")
    file = await circle.database.read(lambda tx: results(tx, circle.clock(), token))
    assert file
    assert file.body.decode() == (
        "\ufeff"
        '"Ligne";"Texte";"Votes"\r\n"Question";"\'=1+1 ?";"1"\r\n'
        '"Réponse";"\'@Oui";"1"\r\n"Réponse";"Non; jamais";"0"\r\n'
    )
    assert "Hugo" not in file.body.decode()


# Many


async def test_five_hundred_votes_in_a_minute_are_all_kept_and_redraw_the_card_thirty_times(
    sqlite_url: str,
) -> None:
    house = House(sqlite_url)
    await house.with_member("ines")
    await asks(house, place=GENERAL, **SIGNED)
    chat = FakeChat(house.clock, name="playground", pace=SLACK)
    pump = Pump(house.database, [chat], DRAWINGS, "https://cercle.example", house.clock)
    await pump.drain()
    yes, no = (o.id for o in await house.database.read(lambda tx: _options(tx)))
    for n in range(500):
        house.clock.pass_(seconds=60 / 500)
        who = Sender("playground", "playground", f"u{n}", f"U{n}", "fr-FR", "Europe/Paris")
        await house.dispatch(Click(f"v{n}", who, pack(Vote(yes if n % 5 else no)), GENERAL))
        await pump.round()
        await pump.finish()
    redrawn = chat.calls["update"]
    house.clock.pass_(seconds=2)
    await pump.drain()
    poll = await only_poll(house)
    found = [option.votes for option in await house.database.read(_options)]
    assert (poll.voters, found) == (500, [400, 100])
    assert 25 <= redrawn <= 31
    house.close()


def _options(tx: Transaction) -> tuple[Option, ...]:
    p = tables.poll.c
    circle_id, poll_id = tx.execute(select(p.circle_id, p.id)).one()
    circle = CircleTransaction(tx, circle_id)
    poll = polls.load(circle, poll_id)
    assert poll
    return polls.options(circle, poll)


SLACK = Pace(send=Limit(4, 10), update=Limit(50 / 60, 20), channel=Limit(1))


@pytest.mark.parametrize("rules", [("anonymous",), ("live",)], ids=["secret", "signed"])
async def test_a_vote_touches_as_few_rows_however_many_members_and_votes_there_are(
    either: House, rules: tuple[str, ...]
) -> None:
    await asks(either, rules=rules)
    await either.settle()
    engine = either.database.engine  # type: ignore[attr-defined]
    statements: list[str] = []
    rows: list[int] = []

    def ran(connection: object, cursor: Any, statement: str, *_: object) -> None:
        statements.append(statement)
        rows.append(max(cursor.rowcount, 0) if statement.startswith(("UPDATE", "INSERT", "DELETE")) else 0)

    costs = []
    for who, crowd in (("hugo", 0), ("tom", 300)):
        await either.database.transact(partial(fill, crowd=crowd, now=either.clock()))
        card = either.card(who, "On déjeune ?")
        event.listen(engine, "after_cursor_execute", ran)
        await either.presses(who, votes(card)["Oui"], card)
        event.remove(engine, "after_cursor_execute", ran)
        costs.append((len(statements), sum(rows)))
        statements.clear()
        rows.clear()
    assert costs[0] == costs[1]
    assert costs[0][1] <= 6


@pytest.mark.parametrize("rules", [("anonymous",), ("live",)], ids=["secret", "signed"])
async def test_a_vote_in_a_channel_asks_the_database_ten_things(
    either: House, rules: tuple[str, ...]
) -> None:
    """Who it is, what they chose before, the counters, the card and the answer: each of them once, for it is
    what a vote costs."""
    await asks(either, place=GENERAL, rules=rules)
    await either.settle()
    engine = either.database.engine  # type: ignore[attr-defined]
    statements: list[str] = []

    def ran(connection: object, cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "after_cursor_execute", ran)
    await chooses(either, "hugo", "Oui")
    event.remove(engine, "after_cursor_execute", ran)
    assert len(statements) <= 10, statements


async def test_the_author_of_a_poll_in_a_channel_sees_their_own_vote_counted(either: House) -> None:
    await asks(either, place=GENERAL, **SIGNED)
    await either.settle()
    await chooses(either, "ines", "Oui")
    await either.settle()
    assert "1 vote," in words(either.card("ines", "On déjeune ?"))


@pytest.mark.parametrize("place", [GENERAL, ""], ids=["channel", "members"])
async def test_the_authors_card_follows_the_votes_of_others(either: House, place: str) -> None:
    await asks(either, place=place, rules=("live",))
    await either.settle()
    for who in ("hugo", "tom"):
        await (chooses(either, who, "Oui") if place else chooses_in_copy(either, who, "Oui", "On déjeune ?"))
    either.clock.pass_(minutes=1)
    await either.settle()
    assert "2 votes," in words(either.card("ines", "On déjeune ?"))


def fill(tx: Transaction, crowd: int, now: datetime) -> None:
    """So many more people with a copy of their own and a vote."""
    circle_id, poll_id = tx.execute(select(tables.poll.c.circle_id, tables.poll.c.id)).one()
    circle = CircleTransaction(tx, circle_id)
    poll = polls.hold(circle, poll_id)
    assert poll
    for n in range(crowd):
        people.add(tx, "playground", "playground", f"more{n}")
        found = people.find(tx, "playground", "playground", f"more{n}")
        assert found
        person = found[1]
        there = Recipient.of(person)
        messages.request(circle, POLL, poll_id, [there], now)
        vote(circle, poll, person.id, polls.options(circle, poll)[1])
    shown = {"state": State.SHOWN, "shown_version": 1, "reference": "r"}
    tx.execute(update(tables.message).where(tables.message.c.shown_version == 0).values(**shown))
