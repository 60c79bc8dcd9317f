"""A stored card is the same card when it is read again."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

import handlers
from bot.chat import stored
from bot.chat.action import Action, BadAction, pack, unpack
from bot.chat.card import (
    Button,
    Card,
    Facts,
    FormButton,
    LinkButton,
    Menu,
    Quote,
    Row,
    every_item,
    text,
)
from bot.chat.form import Form, Note
from bot.chat.text import Bold, CommandName, Invite, Moment
from bot.locales import LANGUAGES, Translator
from tests.examples import CARDS, FILL, PRESS, Fill, Press


def known(packed: str) -> Action:
    return next(action for action in (PRESS, FILL) if pack(action) == packed)


@pytest.mark.parametrize("name", ["everything", "alone"])
def test_every_element_comes_back(name: str) -> None:
    assert stored.load(stored.dump(CARDS[name]), known) == CARDS[name]


def test_a_row_and_the_spans_of_commands_and_moments_come_back() -> None:
    """The moment as the same instant, the command as one that each platform can spell."""
    at = datetime(2026, 11, 27, 16, 30, tzinfo=UTC)
    by_name = Moment(at, "demain à 17:30", by_name=True)
    card = Card(
        "",
        (
            text(CommandName("sondage"), Invite("ajouter Cercle"), Moment(at, "vendredi 27 novembre, 17:30")),
            Row(("Oui, ", by_name), Button("Voter", PRESS)),
            Row((Bold("Non"),), Menu("Autres choix", (FormButton("Changer", FILL),))),
            Quote(CommandName("sondage « On déjeune »")),
            Facts((("Quand", by_name), ("Où", "Ici"))),
        ),
    )
    assert stored.load(stored.dump(card), known) == card


def test_a_note_of_a_form_keeps_its_command() -> None:
    form = Form(FILL, "Entrer", (Note(("Pour sortir : ", CommandName("quitter"))),), "Envoyer")
    assert stored.load(stored.dump(form), known) == form


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_a_feature_can_say_comes_back(language: str) -> None:
    actions: dict[str, Action] = {}
    for feature in handlers.FEATURES:
        for sample in feature.examples(Translator(language)).values():
            if isinstance(sample, Card):
                actions |= {pack(action): action for action in _actions(sample)}
                assert stored.load(stored.dump(sample), actions.__getitem__) == sample


def _actions(card: Card) -> list[Action]:
    return [item.action for item in every_item(card) if not isinstance(item, LinkButton)]


def test_an_action_is_unpacked_as_strictly_as_behind_a_button() -> None:
    whole = stored.dump(CARDS["everything"])
    with pytest.raises(BadAction):
        stored.load(whole.replace("example_press/", "example_press//"), lambda packed: unpack(Press, packed))
    assert unpack(Fill, pack(FILL)) == FILL


@pytest.mark.parametrize(
    "whole",
    [
        "",
        "null",
        "[]",
        '"Card"',
        "{}",
        '{"part": "Text", "spans": [], "quiet": false}',
        '{"part": "Card"}',
        '{"part": "Card", "title": "", "body": [], "more": 1}',
        '{"part": "Marquee"}',
        json.dumps({"part": "Card", "title": {"part": ["Card"]}, "body": {"style": "loud"}}),
        json.dumps({"part": "Card", "title": "", "body": [{"instant": "tomorrow"}]}),
    ],
)
def test_what_is_no_card_is_refused(whole: str) -> None:
    with pytest.raises(ValueError):
        stored.load(whole, known)
