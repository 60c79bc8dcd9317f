"""What every messenger and adapter has to do alike. Each check is given a platform with nothing in it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.chat.action import Action
from bot.chat.card import (
    Bar,
    Bars,
    Button,
    Card,
    Divider,
    Element,
    Facts,
    FormButton,
    Image,
    LinkButton,
    Menu,
    Quote,
    buttons,
    small,
    text,
)
from bot.chat.form import (
    Choice,
    Choices,
    DateInput,
    Form,
    Note,
    Option,
    Part,
    People,
    TextInput,
    TimeInput,
    Toggle,
)
from bot.chat.messenger import Gone, Limit, Notice, Pace, Throttled, Unavailable, Unsure
from bot.chat.reply import Ask, Say
from bot.chat.text import Bold, Italic, Link, Mention
from tests.conformance.stage import FORM, WAIT, Act, Delivery, Place, Stage, Trouble, Way

Check = Callable[[Stage], Awaitable[None]]
CHECKS: dict[str, Check] = {}

CARD = Card("Une nouvelle", (text("canari un"),))
OTHER = Card("Une autre nouvelle", (text("canari deux"),))


def check(of: Check) -> Check:
    CHECKS[of.__name__] = of
    return of


async def _ready(stage: Stage) -> None:
    """Ada can be written to, and her conversation is open."""
    await stage.prepare(Place.ONE_TO_ONE, Delivery.ACCEPTED)
    await stage.messenger.reach(stage.ada)


# Send, update, delete, find


@check
async def a_card_that_is_sent_stands_there_once(stage: Stage) -> None:
    await _ready(stage)
    for address in (stage.ada, stage.channel):
        before = len(stage.standing(address))
        reference = await stage.messenger.send(address, Notice("n1", CARD))
        assert reference
        [shown] = stage.standing(address)[before:]
        assert "canari un" in shown


@check
async def two_cards_have_two_references(stage: Stage) -> None:
    await _ready(stage)
    sent = [await stage.messenger.send(stage.ada, Notice(f"n{number}", CARD)) for number in range(3)]
    assert len(set(sent)) == 3


@check
async def reaching_somebody_twice_is_the_same_as_once(stage: Stage) -> None:
    await _ready(stage)
    await stage.messenger.reach(stage.ada)
    await stage.messenger.send(stage.ada, Notice("n1", CARD))
    assert len(stage.standing(stage.ada)) == 1


@check
async def an_update_changes_the_card_where_it_stands(stage: Stage) -> None:
    await _ready(stage)
    for address in (stage.ada, stage.channel):
        before = len(stage.standing(address))
        reference = await stage.messenger.send(address, Notice("n1", CARD))
        for _ in range(2):
            await stage.messenger.update(address, reference, Notice("n1", OTHER))
            [shown] = stage.standing(address)[before:]
            assert "canari deux" in shown
            assert "canari un" not in shown


@check
async def an_update_of_what_somebody_took_away_says_so(stage: Stage) -> None:
    await _ready(stage)
    reference = await stage.messenger.send(stage.ada, Notice("n1", CARD))
    stage.takes_away(stage.ada)
    with pytest.raises(Gone):
        await stage.messenger.update(stage.ada, reference, Notice("n1", OTHER))
    assert stage.standing(stage.ada) == []


@check
async def what_is_deleted_is_gone_and_may_be_deleted_again(stage: Stage) -> None:
    await _ready(stage)
    references = [await stage.messenger.send(stage.ada, Notice(f"n{number}", CARD)) for number in (1, 2)]
    for _ in range(2):
        await stage.messenger.delete(stage.ada, references[0])
        assert len(stage.standing(stage.ada)) == 1


@check
async def what_was_sent_is_found_by_its_id(stage: Stage) -> None:
    await _ready(stage)
    since = datetime.now(UTC) - timedelta(minutes=1)
    reference = await stage.messenger.send(stage.ada, Notice("n1", CARD))
    await stage.messenger.send(stage.ada, Notice("n2", CARD))
    await stage.messenger.update(stage.ada, reference, Notice("n1", OTHER))
    assert await stage.messenger.find(stage.ada, "n1", since) == (reference,)
    assert await stage.messenger.find(stage.ada, "n3", since) == ()
    await stage.messenger.delete(stage.ada, reference)
    assert await stage.messenger.find(stage.ada, "n1", since) == ()


# Rate limits and lost answers


def _calls(stage: Stage, reference: str) -> dict[Act, Callable[[], Awaitable[object]]]:
    return {
        Act.SEND: lambda: stage.messenger.send(stage.ada, Notice("n2", OTHER)),
        Act.UPDATE: lambda: stage.messenger.update(stage.ada, reference, Notice("n1", OTHER)),
        Act.DELETE: lambda: stage.messenger.delete(stage.ada, reference),
    }


@check
async def a_platform_that_is_busy_says_how_long_to_wait(stage: Stage) -> None:
    await _ready(stage)
    reference = await stage.messenger.send(stage.ada, Notice("n1", CARD))
    before = stage.standing(stage.ada)
    for act, call in _calls(stage, reference).items():
        stage.meets(act, Trouble.BUSY)
        with pytest.raises(Throttled) as busy:
            await call()
        assert busy.value.wait == WAIT
        assert stage.standing(stage.ada) == before


@check
async def a_failed_call_is_never_taken_for_a_done_one(stage: Stage) -> None:
    """What may be done twice may have been tried twice when it is told of."""
    await _ready(stage)
    acts = (Act.SEND, Act.UPDATE, Act.DELETE)
    for trouble, act in itertools.product((Trouble.DOWN, Trouble.RESET), acts):
        reference = await stage.messenger.send(stage.ada, Notice("n1", CARD))
        before = stage.standing(stage.ada)
        stage.meets(act, trouble)
        try:
            await _calls(stage, reference)[act]()
        except (Unsure, Unavailable):
            assert stage.standing(stage.ada) == before, f"{act.value}, {trouble.value}"
        else:
            assert act is not Act.SEND, "a post that failed was made again"
            assert stage.standing(stage.ada) != before, f"{act.value}, {trouble.value}"
        stage.takes_away(stage.ada)


@check
async def a_lost_answer_is_told_as_one(stage: Stage) -> None:
    await _ready(stage)
    stage.meets(Act.SEND, Trouble.LOST)
    with pytest.raises(Unsure):
        await stage.messenger.send(stage.ada, Notice("n1", CARD))
    assert len(stage.standing(stage.ada)) == 1
    reference = await stage.messenger.send(stage.ada, Notice("n2", CARD))
    for act, left in ((Act.UPDATE, 2), (Act.DELETE, 1)):
        stage.meets(act, Trouble.LOST)
        with suppress(Unsure, Unavailable):
            await _calls(stage, reference)[act]()
        await _calls(stage, reference)[act]()
        assert len(stage.standing(stage.ada)) == left


@check
async def what_leaves_at_the_pace_of_the_platform_is_never_too_fast(stage: Stage) -> None:
    """For a minute: to many people, with changes in between, and to one person."""
    await _ready(stage)
    people = await stage.crowd(60)
    now = start = datetime.now(UTC).timestamp()
    stage.enforces_limits(lambda: now)
    now += 3600
    sent: dict[str, str] = {}
    for number, (after, act) in enumerate(_moments(stage.pace, 61)):
        now, address = start + 3600 + after, people[number % len(people)]
        if act is Act.SEND:
            sent[address] = await stage.messenger.send(address, Notice(f"n{number}", CARD))
        elif address in sent:
            await stage.messenger.update(address, sent[address], Notice(f"n{number}", OTHER))
    for after in _each(stage.pace.channel, 61):
        now = start + 7200 + after
        await stage.messenger.send(people[0], Notice(f"one {after}", CARD))


def _moments(pace: Pace, seconds: float) -> list[tuple[float, Act]]:
    """When sends and updates leave as fast as the pace allows."""
    sends = [(moment, Act.SEND) for moment in _each(pace.send, seconds)]
    updates = [(moment, Act.UPDATE) for moment in _each(pace.update, seconds)]
    return sorted([*sends, *updates], key=lambda each: each[0])


def _each(limit: Limit, seconds: float) -> list[float]:
    """The first ones at once, and later ones an interval apart."""
    interval = limit.interval / timedelta(seconds=1)
    more = range(1, int(seconds / interval))
    return [0.0] * limit.burst + [number * interval for number in more]


@check
async def an_answer_to_a_busy_platform_is_handed_back_with_the_wait(stage: Stage) -> None:
    await stage.prepare(Place.ONE_TO_ONE, Delivery.THROTTLED)
    stage.script.reply = Say(CARD)
    await stage.asks(Place.ONE_TO_ONE, Way.COMMAND)
    assert stage.script.kept == [Say(CARD)]
    assert stage.script.waits == [WAIT]


# Forms


@check
async def a_form_with_errors_keeps_what_was_typed(stage: Stage) -> None:
    await stage.prepare(Place.ONE_TO_ONE, Delivery.ACCEPTED)
    stage.script.reply = Ask(FORM)
    await stage.asks(Place.ONE_TO_ONE, Way.FORM_BUTTON)
    assert "Vos mots" in stage.form()
    stage.script.reply = Ask(FORM, {"words": "C’est un peu court."})
    await stage.sends_form(words="mes mots à moi")
    assert "C’est un peu court." in stage.form()
    assert "mes mots à moi" in stage.form()
    stage.script.reply = Say(CARD)
    await stage.sends_form(words="mes mots à moi, et d’autres")
    assert stage.form() == ""
    assert "canari un" in stage.ada_reads()


@check
async def an_error_about_no_input_is_shown_too(stage: Stage) -> None:
    await stage.prepare(Place.ONE_TO_ONE, Delivery.ACCEPTED)
    stage.script.reply = Ask(FORM)
    await stage.asks(Place.ONE_TO_ONE, Way.FORM_BUTTON)
    stage.script.reply = Ask(FORM, {"elsewhere": "Ce n’est plus possible."})
    await stage.sends_form(words="mes mots à moi")
    assert "Ce n’est plus possible." in stage.form()
    assert "mes mots à moi" in stage.form()


@check
async def what_was_typed_in_a_form_arrives_as_it_was_typed(stage: Stage) -> None:
    await stage.prepare(Place.ONE_TO_ONE, Delivery.ACCEPTED)
    words = "« Été » <b>& co</b> * _x_ `y`\n👩‍👩‍👧‍👦 fin"
    stage.script.reply = Ask(FORM)
    await stage.asks(Place.ONE_TO_ONE, Way.FORM_BUTTON)
    stage.script.reply = None
    await stage.sends_form(words=words)
    [*_, sent] = stage.script.heard
    assert sent.answers.text("words") == words  # type: ignore[union-attr]


# Texts that are too long


@dataclass(frozen=True)
class Long(Action, verb="conformance.long"):
    id: int


FAMILY, FLAG = "👩‍👩‍👧‍👦", "🇫🇷"
PARTS = frozenset("👩👧👦\u200d🇫🇷")
SIZES = (30, 80, 160, 320, 1200, 3100)


def long(size: int, shift: int = 0) -> str:
    """Families and flags, without a space where a text could be cut by its words."""
    return "x" * shift + (FAMILY + FLAG) * (size // 9 + 1)


def halves(shown: str) -> str:
    """What is left of families and flags that were cut."""
    whole = shown.replace(FAMILY, "").replace(FLAG, "")
    return "".join(letter for letter in whole if letter in PARTS)


def long_cards(shift: int) -> list[Card]:
    words = [long(size, shift) for size in SIZES]
    link = "https://example.org/"
    bodies: list[tuple[Element, ...]] = [(text(each), Quote(each), small(each)) for each in words]
    bodies += [(text(Bold(each), Italic(each), Link(each, link)),) for each in words]
    bodies += [(small("y", Link(each, link), Bold(each)),) for each in words]
    bodies += [(text(Mention("elsewhere:1:2", each)),) for each in words]
    bodies += [(Facts(((each, each),)), Bars((Bar(each, 3), Bar(each, 1))), Divider()) for each in words]
    bodies += [
        (Image("https://example.org/a.png", each), Image("http://intranet/a.png", each)) for each in words
    ]
    for each in words:
        pressed = Button(each, Long(1)), FormButton(each, Long(2)), LinkButton(each, link)
        bodies.append((buttons(*pressed, Menu(each, (Button(each, Long(3)), FormButton(each, Long(4))))),))
    return [Card(long(300, shift), body) for body in bodies]


def long_forms(shift: int) -> list[Form]:
    forms = []
    for size in SIZES:
        each = long(size, shift)
        options = (Option("a", each), Option("b", each))
        parts: tuple[Part, ...] = (
            Note((each, Bold(each))),
            TextInput("text", each, "", each),
            Choice("choice", each, options, "a", each),
            Choices("choices", each, options, ("b",), each),
            People("people", each, (), each),
            DateInput("date", each, "", each),
            TimeInput("time", each, "", each),
            Toggle("toggle", each, hint=each, heading=each),
        )
        forms.append(Form(Long(5), "Vos mots", parts, "Envoyer"))
    return forms


@check
async def a_text_that_is_too_long_is_cut_between_characters(stage: Stage) -> None:
    await _ready(stage)
    for shift in range(3):
        for card in long_cards(shift):
            await stage.messenger.send(stage.ada, Notice("n1", card))
        assert [halves(shown) for shown in stage.standing(stage.ada) if halves(shown)] == []
        assert stage.problems() == []
        stage.takes_away(stage.ada)


@check
async def a_form_that_is_too_long_is_cut_between_characters(stage: Stage) -> None:
    await stage.prepare(Place.ONE_TO_ONE, Delivery.ACCEPTED)
    for form in long_forms(1):
        stage.script.reply = Ask(form)
        await stage.asks(Place.ONE_TO_ONE, Way.FORM_BUTTON)
        assert "Vos mots" in stage.form()
        assert halves(stage.form()) == ""
        assert stage.problems() == []


# Answers after the acknowledgement

SLOW = 0.3
"""Seconds, more than the platforms wait in these checks (`conftest.py`)."""


@check
async def an_answer_that_takes_longer_than_the_platform_waits_arrives(stage: Stage) -> None:
    await stage.prepare(Place.ONE_TO_ONE, Delivery.ACCEPTED)
    stage.script.reply = Say(CARD)
    for place in (Place.ONE_TO_ONE, Place.CHANNEL):
        for way in (Way.COMMAND, Way.BUTTON, Way.FORM_BUTTON, Way.FORM):
            if stage.why_not(place, way, Delivery.ACCEPTED):
                continue
            await stage.prepare(place, Delivery.ACCEPTED)
            stage.script.takes = 0.0 if way is Way.FORM else SLOW
            if way is Way.FORM:
                await _sends_slowly(stage, place)
            else:
                await stage.asks(place, way)
            assert "canari un" in stage.ada_reads(), f"{place.value}, {way.value}"
            assert "canari un" not in stage.bob_reads(), f"{place.value}, {way.value}"


async def _sends_slowly(stage: Stage, place: Place) -> None:
    """The form opens at once; the answer to what it holds takes long."""
    card, stage.script.reply = stage.script.reply, Ask(FORM)
    await stage.asks(place, Way.FORM_BUTTON)
    stage.script.reply, stage.script.takes = card, SLOW
    await stage.sends_form(words="oui")


@check
async def a_slow_form_with_errors_comes_back_with_what_was_typed(stage: Stage) -> None:
    await stage.prepare(Place.ONE_TO_ONE, Delivery.ACCEPTED)
    stage.script.reply = Ask(FORM)
    await stage.asks(Place.ONE_TO_ONE, Way.FORM_BUTTON)
    held = replace(FORM, parts=(TextInput("words", "Vos mots", "mes mots à moi"),))
    stage.script.reply, stage.script.takes = Ask(held, {"words": "C’est un peu court."}), SLOW
    await stage.sends_form(words="mes mots à moi")
    read = stage.ada_reads() + stage.form()
    assert "C’est un peu court." in read
    assert "mes mots à moi" in read


@check
async def what_is_done_slowly_and_says_nothing_is_confirmed(stage: Stage) -> None:
    """Whoever was told that nothing is certain is told that it is."""
    await stage.prepare(Place.ONE_TO_ONE, Delivery.ACCEPTED)
    stage.script.reply, stage.script.takes = None, SLOW
    await stage.asks(Place.ONE_TO_ONE, Way.FORM_BUTTON)
    read = stage.ada_reads()
    assert ("rien n’est encore certain" in read) == ("C’est enregistré" in read), json.dumps(read)[:2000]
