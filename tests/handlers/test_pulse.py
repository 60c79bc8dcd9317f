"""Three questions to the whole circle: answered by nobody in particular, and of consequence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import Table, select

from bot.chat import plain
from bot.chat.action import pack
from bot.chat.card import Card
from bot.chat.event import Click, Sender, Submission
from bot.chat.form import Answers, Form, Value
from bot.chat.reply import Ask, Say
from bot.domain.circle import Circle
from bot.domain.pulse import LIFE, Answer
from bot.domain.secrecy import ENOUGH
from handlers.actions import AboutSecrecy, OpenGathering
from handlers.pulse import service
from handlers.pulse.cards import OpenPulse, StartPulse
from storage import circles, entries, pulses, tables, walls
from storage.seal import Seal
from storage.transaction import CircleTransaction, Transaction
from tests.house import House, asked, filled, kinds, said

FIVE = ("camille", "ines", "hugo", "lou", "awa")
TITLE = "Comment va le cercle\u202f?"
CHANNEL = "playground:playground:#general"


async def inhabited(house: House, who: Iterable[str]) -> House:
    """On a day on which nothing else comes round."""
    house.clock.now = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    await house.with_lead()
    for one in who:
        await house.with_member(one, ceiling="10")
    return house


@pytest.fixture
async def circle(sqlite_url: str) -> AsyncIterator[House]:
    house = House(sqlite_url)
    yield await inhabited(house, FIVE)
    house.close()


@pytest.fixture
async def on_each(house: House) -> House:
    """On each kind of database, where that may matter."""
    return await inhabited(house, FIVE)


async def read_trend(house: House, who: str = "ines") -> Card:
    trend = await house.says(who, "/cercle baromètre")
    assert isinstance(trend, Say)
    return trend.card


async def open_pulse(house: House, who: str = "ines") -> str:
    await house.presses(who, StartPulse, await read_trend(house, who))
    await house.settle()
    return await house.database.read(
        lambda tx: str(
            tx.execute(select(tables.pulse.c.id).order_by(tables.pulse.c.opened_at.desc())).scalar()
        )
    )


async def opens(house: House, who: str) -> Form:
    """The form, by the command, which shows a button to whoever has answered before."""
    reply = await house.says(who, "/cercle pulse")
    return asked(await house.presses(who, OpenPulse, reply.card) if isinstance(reply, Say) else reply)


async def answer(house: House, who: str, trust: int, words: str = "", **values: Value) -> str:
    form = await opens(house, who)
    marks: dict[str, Value] = {"trust": str(trust), "pressure": "2", "energy": "4", "words": words}
    return said(await house.submits(who, form, **{**marks, **values}))


async def close(house: House) -> None:
    house.clock.pass_(days=7)
    await house.settle()


async def held(house: House, trust: int, who: Iterable[str] = FIVE, words: str = "") -> None:
    """A whole pulse, from the first question to its closing."""
    await open_pulse(house)
    for one in who:
        await answer(house, one, trust, words)
    await close(house)


async def rows(house: House, table: Table) -> list[dict[str, object]]:
    return await house.database.read(lambda tx: [dict(row._mapping) for row in tx.execute(table.select())])


async def the_circle(house: House) -> Circle:
    return await house.database.read(lambda tx: circles.every(tx)[0])


async def told(house: House) -> list[str]:
    """What the public log holds."""
    circle = await the_circle(house)
    found = await house.database.read(lambda tx: entries.latest(CircleTransaction(tx, circle.id), limit=20))
    return sorted(entry.what for entry in found)


def words_of(card: Card) -> str:
    return plain.render(card)


# Asking


async def test_each_member_is_asked_one_to_one_and_answers_in_a_form(circle: House) -> None:
    await open_pulse(circle)
    for who in FIVE:
        assert kinds(circle.card(who, TITLE)) == [OpenPulse, AboutSecrecy]
    form = asked(await circle.presses("hugo", OpenPulse, circle.card("hugo", TITLE)))
    values: dict[str, Value] = {"trust": "4", "pressure": "1", "energy": "5"}
    assert "C’est noté" in said(await circle.submits("hugo", form, **values))


async def test_nobody_is_asked_outside_their_working_time_or_in_a_pause(circle: House) -> None:
    await circle.says("lou", "/cercle pause 2026-12-24")
    circle.clock.now = datetime(2026, 11, 25, 19, 0, tzinfo=UTC)
    await open_pulse(circle)
    assert not [card for who in FIVE for card in circle.cards(who) if TITLE in card.title]
    circle.clock.now = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    await circle.settle()
    assert circle.card("ines", TITLE)
    await close(circle)
    assert not [card for card in circle.cards("lou") if "Comment va" in card.title]


async def test_a_question_takes_from_the_ceiling(circle: House) -> None:
    form = asked(await circle.says("hugo", "/cercle réglages"))
    await circle.submits("hugo", form, ceiling="1")
    await circle.with_post()
    await circle.settle()
    await open_pulse(circle)
    assert [card.title for card in circle.cards("hugo")] == ["Comment nous accueillons nos alternants"]


async def test_an_answer_can_be_changed_and_stays_one(circle: House) -> None:
    await open_pulse(circle)
    await answer(circle, "ines", 2, "Trop.")
    shown = await circle.says("ines", "/cercle pulse")
    assert isinstance(shown, Say)
    assert "Trop." not in said(shown)  # a form that is asked for by a typed word is a message in Teams
    form = await opens(circle, "ines")
    assert {**filled(form)} == {"trust": "2", "pressure": "2", "energy": "4", "words": "Trop."}
    await answer(circle, "ines", 5, "Mieux.")
    assert len(await rows(circle, tables.ballot)) == 1
    form = await opens(circle, "ines")
    assert (filled(form)["trust"], filled(form)["words"]) == ("5", "Mieux.")


async def test_whoever_answered_before_being_asked_is_not_asked(circle: House) -> None:
    circle.clock.now = datetime(2026, 11, 25, 19, 0, tzinfo=UTC)
    await open_pulse(circle)
    await answer(circle, "ines", 4)
    circle.clock.now = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    await circle.settle()
    assert not [card for card in circle.cards("ines") if TITLE in card.title]
    assert circle.card("hugo", TITLE)


async def test_one_reminder_and_only_to_those_who_have_not_answered(circle: House) -> None:
    await open_pulse(circle)
    await answer(circle, "ines", 4)
    await circle.says("awa", "/cercle pause 2026-12-24")
    for _ in range(6):
        circle.clock.pass_(days=1)
        await circle.settle()
    reminders = {who: [c for c in circle.cards(who) if "C’est le seul rappel" in words_of(c)] for who in FIVE}
    assert {who: len(cards) for who, cards in reminders.items()} == {
        "camille": 1,
        "ines": 0,
        "hugo": 1,
        "lou": 1,
        "awa": 0,
    }
    await close(circle)
    assert "se referme" not in words_of(circle.card("hugo", "Comment va"))


async def test_it_comes_by_itself_once_a_month_on_its_local_day(circle: House) -> None:
    circle.clock.now = datetime(2026, 12, 15, 8, 59, tzinfo=UTC)
    await circle.settle()
    assert await rows(circle, tables.pulse) == []
    circle.clock.pass_(minutes=1)
    for _ in range(3):
        await circle.settle()
    (pulse,) = await rows(circle, tables.pulse)
    assert pulse["opened_at"] == datetime(2026, 12, 15, 9, 0, tzinfo=UTC)
    circle.clock.now = datetime(2027, 7, 20, 8, 0, tzinfo=UTC)  # ten o'clock there, in summer
    await circle.settle()
    await circle.settle()
    assert len(await rows(circle, tables.pulse)) == 2


async def test_not_by_itself_in_a_circle_too_small_or_asked_a_short_while_ago(circle: House) -> None:
    circle.clock.now = datetime(2026, 12, 7, 9, 0, tzinfo=UTC)
    await held(circle, 4)
    circle.clock.now = datetime(2026, 12, 15, 9, 0, tzinfo=UTC)
    await circle.settle()
    assert len(await rows(circle, tables.pulse)) == 1
    await circle.says("lou", "/cercle quitter")
    circle.clock.now = datetime(2027, 1, 19, 9, 0, tzinfo=UTC)
    await circle.settle()
    assert len(await rows(circle, tables.pulse)) == 1


# Closing


async def test_closing_leaves_averages_and_nothing_that_leads_back(on_each: House) -> None:
    pulse_id, circle_id = await open_pulse(on_each), (await the_circle(on_each)).id
    known = [str(person["id"]) for person in await rows(on_each, tables.person)]

    def note(tx: Transaction, who: str, given: Answer) -> bool:
        return pulses.answer(CircleTransaction(tx, circle_id), pulse_id, who, given, on_each.clock())

    for number in range(12):
        who = known[number] if number < len(known) else f"somebody {number}"
        given = Answer(number % 4 + 1, 2, 4, f"phrase {number:02}")
        assert await on_each.database.transact(partial(note, who=who, given=given))
    pseudonyms = {str(row["voter"]) for row in await rows(on_each, tables.ballot)}
    assert len(pseudonyms) == 12
    assert pseudonyms.isdisjoint(known)
    (box,) = await rows(on_each, tables.ballot_box)
    before = str([await rows(on_each, table) for table in tables.metadata.sorted_tables])
    assert "phrase" not in before
    await close(on_each)
    (pulse,) = await rows(on_each, tables.pulse)
    assert (pulse["answers"], pulse["trust"], pulse["energy"]) == (12, 2.5, 4.0)
    assert await rows(on_each, tables.ballot) == await rows(on_each, tables.ballot_box) == []
    kept = [str(row["text"]) for row in await rows(on_each, tables.pulse_words)]
    in_order = [f"phrase {number:02}" for number in range(12)]
    assert sorted(kept) == in_order
    assert kept != in_order  # by chance once in 479,001,600
    everything = str([await rows(on_each, table) for table in tables.metadata.sorted_tables])
    assert not [secret for secret in (*pseudonyms, str(box["key"])) if secret in everything]


async def test_the_card_becomes_what_came_of_it(circle: House) -> None:
    await held(circle, 4, words="On peut dire non.")
    for who in FIVE:
        card = words_of(circle.card(who, "Comment va le cercle"))
        assert "Parler librement : 4 sur 5" in card
        assert card.count("On peut dire non.") == 5
        assert "Moyennes de 5 réponses" in card


async def test_fewer_than_five_answers_say_nothing_and_are_erased(circle: House) -> None:
    await held(circle, 1, FIVE[: ENOUGH - 1], "Ce n’est pas possible.")
    (pulse,) = await rows(circle, tables.pulse)
    assert (pulse["trust"], pulse["pressure"], pulse["energy"]) == (None, None, None)
    assert await rows(circle, tables.pulse_words) == []
    assert "sans désigner quelqu’un" in words_of(circle.card("ines", "Comment va"))
    assert "possible" not in words_of(circle.card("ines", "Comment va"))
    assert (await the_circle(circle)).slowed_at is None
    assert await told(circle) == ["log.pulse_few", "log.pulse_opened"]


async def test_answers_that_nobody_can_read_any_more_are_said_to_be_lost(circle: House) -> None:
    """Because CERCLE_SECRET_KEY was changed while the pulse was open."""
    await open_pulse(circle)
    await answer(circle, "ines", 4)
    circle.close()
    other = House(circle.url, circle.clock, seal=Seal.of_secret("another secret, as long as the first one"))
    other.keys, circle.database = circle.keys, other.database
    form = await other.says("hugo", "/cercle pulse")
    assert "la clé secrète de ce Cercle a changé" in said(form)
    await close(other)
    assert "n’ont pas pu être lues" in said(await other.says("ines", "/cercle pulse"))
    assert "log.pulse_lost" in await told(other)


async def test_the_trend_tells_the_latest_six_in_plain_words(circle: House) -> None:
    for trust in (3, 4, 5, 4, 3, 4, 5):
        await held(circle, trust)
        circle.clock.pass_(days=7)
    trend = said(await circle.says("ines", "/cercle baromètre"))
    assert trend.count("parler librement ") == 6
    assert "parler librement 5 · pression 2 · énergie 4 (5 réponses)" in trend
    assert "Elles ne mesurent personne" in trend
    assert "passe sous 3 sur 5" in trend
    await circle.says("ines", "/cercle language en")
    assert "speaking freely 5" in said(await circle.says("ines", "/cercle pulse"))


# What trust changes


async def test_low_trust_slows_tells_the_circle_and_proposes_to_talk(on_each: House) -> None:
    await held(on_each, 2)
    found = await the_circle(on_each)
    assert found.slowed_at == on_each.clock()
    assert await told(on_each) == ["log.pulse_closed", "log.pulse_opened", "log.slowed"]
    card = on_each.card("ines", "Cercle ralentit")
    assert "est à 2 sur 5" in words_of(card)
    assert asked(await on_each.presses("ines", OpenGathering, card))


async def test_at_the_walls_it_is_said_once_to_everybody(circle: House) -> None:
    found = await the_circle(circle)
    workspace = str((await rows(circle, tables.workspace))[0]["id"])
    await circle.database.transact(
        lambda tx: walls.hang(CircleTransaction(tx, found.id), workspace_id=workspace, address=CHANNEL)
    )
    await held(circle, 1)
    (entry,) = circle.chat.chat.entries(CHANNEL, "lou")
    assert isinstance(entry.said, Card)
    assert entry.said.title == "Cercle ralentit"
    assert not [card for card in circle.cards("ines") if "ralentit" in card.title]


async def test_trust_at_the_floor_is_the_usual_pace(circle: House) -> None:
    await held(circle, 3)
    assert (await the_circle(circle)).slowed_at is None
    assert await told(circle) == ["log.pulse_closed", "log.pulse_opened"]


async def test_trust_that_is_back_brings_the_usual_pace_back(circle: House) -> None:
    await held(circle, 2)
    since = (await the_circle(circle)).slowed_at
    circle.clock.pass_(days=7)
    await held(circle, 1)
    assert (await the_circle(circle)).slowed_at == since
    circle.clock.pass_(days=7)
    await held(circle, 3)
    assert (await the_circle(circle)).slowed_at is None
    assert (await told(circle)).count("log.slowed") == 2
    assert "log.usual_pace" in await told(circle)
    assert "remonté à 3 sur 5" in words_of(circle.card("ines", "reprend son rythme"))


async def test_while_it_goes_slowly_the_pump_sends_half(circle: House) -> None:
    """Of a ceiling of four, two leave in a week; the rest waits, and is not lost."""
    await circle.says("camille", "/cercle quitter")
    form = asked(await circle.says("hugo", "/cercle réglages"))
    await circle.submits("hugo", form, ceiling="4")
    found = await the_circle(circle)
    await circle.database.transact(
        lambda tx: circles.change(
            CircleTransaction(tx, found.id), slowed_at=circle.clock(), weekly_ceiling=20
        )
    )
    for _ in range(5):
        await circle.with_post()
        await circle.settle()
    assert len([c for c in circle.cards("hugo") if "alternants" in c.title]) == 2
    await circle.database.transact(lambda tx: circles.change(CircleTransaction(tx, found.id), slowed_at=None))
    circle.clock.now = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
    await circle.settle()
    assert len([c for c in circle.cards("hugo") if "alternants" in c.title]) == 5


async def test_the_charter_names_the_threshold(house: House) -> None:
    form = asked(await house.says("tom", "/cercle join"))
    assert "If trust falls below 3 out of 5" in str(form.parts)


# Bad input


MARKS = ("", "0", "6", "-1", "3.5", "cinq", "\u0663", "1e0")


@pytest.mark.parametrize("question", ["trust", "pressure", "energy"])
async def test_a_mark_outside_one_to_five(circle: House, question: str) -> None:
    await open_pulse(circle)
    form = await opens(circle, "ines")
    for mark in MARKS:
        given: dict[str, Value] = {"trust": "3", "pressure": "3", "energy": "3", "words": "À garder."}
        reply = await circle.submits("ines", form, **{**given, question: mark})
        assert isinstance(reply, Ask), mark
        assert list(reply.errors) == [question]
        assert "À garder." in str(reply.form)
    assert await rows(circle, tables.ballot) == []


async def test_an_answer_after_closing_is_kept_for_its_author_only(circle: House) -> None:
    await open_pulse(circle)
    form = await opens(circle, "ines")
    circle.clock.pass_(days=7)
    values: dict[str, Value] = {"trust": "3", "pressure": "3", "energy": "3", "words": "Trop tard ?"}
    reply = said(await circle.submits("ines", form, **values))
    assert "Ce baromètre est refermé" in reply
    assert "Trop tard ?" in reply
    assert await rows(circle, tables.ballot) == []
    await circle.settle()
    assert "Ce baromètre est refermé" in said(await circle.submits("ines", form, **values))


async def test_a_pulse_of_another_circle_is_no_pulse(circle: House) -> None:
    pulse_id = await open_pulse(circle)
    stranger = Sender("slack", "T9", "U9", "Eve", "fr", "Europe/Paris")
    for action in (OpenPulse(pulse_id), OpenPulse("nowhere")):
        reply = (await circle.dispatch(Click(circle.key(), stranger, pack(action)))).reply
        assert "membres du cercle" in said(reply)
    join = asked((await circle.dispatch(Click(circle.key(), stranger, "join.open"))).reply)
    answers = Answers({**filled(join), "consent": True})
    await circle.dispatch(Submission(circle.key(), stranger, pack(join.action), answers))
    for action in (OpenPulse(pulse_id), OpenPulse("nowhere")):
        reply = (await circle.dispatch(Click(circle.key(), stranger, pack(action)))).reply
        assert "Ce baromètre est refermé" in said(reply)


async def test_only_members_open_answer_and_read(circle: House) -> None:
    assert "for members" in said(await circle.says("sam", "/cercle pulse"))
    await open_pulse(circle)
    card = circle.card("ines", TITLE)
    await circle.says("ines", "/cercle quitter")
    assert "membres du cercle" in said(await circle.presses("ines", OpenPulse, card))


async def test_a_double_click_opens_one(circle: House) -> None:
    trend = await read_trend(circle)
    replies = [await circle.presses(who, StartPulse, trend) for who in ("ines", "ines", "hugo")]
    assert all("ouvert pour sept jours" in said(reply) for reply in replies)
    assert len(await rows(circle, tables.pulse)) == 1
    await circle.settle()
    assert len([c for c in circle.cards("hugo") if TITLE in c.title]) == 1


async def test_too_few_or_too_soon(circle: House) -> None:
    trend = await read_trend(circle)
    await held(circle, 4)
    reply = await circle.presses("ines", StartPulse, trend)
    assert "à partir du mercredi 9 décembre" in said(reply)
    assert StartPulse not in kinds(await read_trend(circle))
    circle.clock.pass_(days=7)
    assert StartPulse in kinds(await read_trend(circle))
    await circle.says("lou", "/cercle quitter")
    assert "moins de cinq membres" in said(await circle.presses("ines", StartPulse, trend))


async def test_markup_in_a_free_word_is_only_words(circle: House) -> None:
    await open_pulse(circle)
    for who in FIVE:
        await answer(circle, who, 4, "<!channel> *gras* {count} @tous")
    await close(circle)
    assert "<!channel> *gras* {count} @tous" in words_of(circle.card("ines", "Comment va"))


# Many at the same moment


async def test_what_was_noted_is_counted_even_while_it_closes(on_each: House) -> None:
    """Answers on both sides of the closing: none is told that it is noted and then left out."""
    house = on_each
    pulse_id = await open_pulse(house)
    circle_id = (await the_circle(house)).id
    now = house.clock()

    def note(tx: Transaction, person: str) -> bool:
        return pulses.answer(CircleTransaction(tx, circle_id), pulse_id, person, Answer(3, 3, 3), now)

    def end(tx: Transaction) -> bool:
        return service.close(CircleTransaction(tx, circle_id), pulse_id, now)

    acts = [house.database.transact(partial(note, person=f"p{n}")) for n in range(30)]
    acts[15:15] = [house.database.transact(end) for _ in range(3)]
    done = await asyncio.gather(*acts)
    closings, noted = done[15:18], [*done[:15], *done[18:]]
    assert sum(closings) == 1
    (pulse,) = await rows(house, tables.pulse)
    assert pulse["answers"] == sum(noted)
    assert await rows(house, tables.ballot) == []


async def test_two_at_once_open_one(on_each: House) -> None:
    circle_id = (await the_circle(on_each)).id
    now = on_each.clock()

    def start(tx: Transaction) -> str | None:
        return pulses.start(CircleTransaction(tx, circle_id), now=now, closes_at=now + LIFE)

    found = await asyncio.gather(*(on_each.database.transact(start) for _ in range(8)))
    assert len([pulse_id for pulse_id in found if pulse_id]) == 1


async def test_a_member_who_left_is_not_asked(circle: House) -> None:
    circle.clock.now = datetime(2026, 11, 25, 19, 0, tzinfo=UTC)
    await open_pulse(circle)
    await circle.says("lou", "/cercle quitter")
    circle.clock.now = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    await circle.settle()
    assert circle.cards("lou") == []
