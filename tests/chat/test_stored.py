"""A stored card is the same card when it is read again."""

from __future__ import annotations

import json

import pytest

import handlers
from bot.chat import stored
from bot.chat.action import Action, BadAction, pack, unpack
from bot.chat.card import Card, LinkButton, every_item
from bot.locales import LANGUAGES, Translator
from tests.examples import CARDS, FILL, PRESS, Fill, Press


def known(packed: str) -> Action:
    return next(action for action in (PRESS, FILL) if pack(action) == packed)


@pytest.mark.parametrize("name", ["everything", "alone"])
def test_every_element_comes_back(name: str) -> None:
    assert stored.load(stored.dump(CARDS[name]), known) == CARDS[name]


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
    text = stored.dump(CARDS["everything"])
    with pytest.raises(BadAction):
        stored.load(text.replace("example_press/", "example_press//"), lambda packed: unpack(Press, packed))
    assert unpack(Fill, pack(FILL)) == FILL


@pytest.mark.parametrize(
    "text",
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
    ],
)
def test_what_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        stored.load(text, known)
