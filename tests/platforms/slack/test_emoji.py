"""Shortcodes as Slack delivers them become characters, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.characters import GRAPHEME
from bot.platforms.slack.emoji import table, with_emoji


@pytest.mark.parametrize(
    ("delivered", "typed"),
    [
        (":fork_and_knife: à midi", "🍴 à midi"),
        (":+1::skin-tone-3:", "👍🏼"),
        ("bravo:tada: :heart::+1:!", "bravo🎉 ❤️👍!"),
        (":flag-fr: et :fr:", "🇫🇷 et 🇫🇷"),
        (":man-woman-girl:", "👨‍👩‍👧"),
        (":woman-heart-woman::skin-tone-6:", "👩🏿‍❤️‍👩🏿"),
        (":people_holding_hands::skin-tone-2:", "🧑🏻‍🤝‍🧑🏻"),
        (":writing_hand::skin-tone-4:", "✍🏽"),
        (":Tada:", "🎉"),
    ],
)
def test_a_shortcode_becomes_its_character(delivered: str, typed: str) -> None:
    assert with_emoji(delivered) == typed


@pytest.mark.parametrize(
    "typed",
    [
        ":our_own_logo:",
        ":our_own_logo::skin-tone-3:",
        "12:30:45",
        "10:100:20",
        "a:b:c",
        "https://a.example/:b:/:tada:",
        "note : ceci :",
        "::",
        ":-)",
    ],
)
def test_what_is_no_shortcode_stays_as_typed(typed: str) -> None:
    assert with_emoji(typed) == typed


def test_every_name_is_one_character_to_its_reader() -> None:
    names = table()
    assert len(names) > 1900
    for name, character in names.items():
        assert GRAPHEME.fullmatch(character), name
        assert with_emoji(f":{name}:") == character


def test_a_character_with_a_skin_tone_is_one_too() -> None:
    for name in table():
        assert GRAPHEME.fullmatch(with_emoji(f":{name}::skin-tone-5:")), name


@given(st.text(st.characters(exclude_characters=":")))
def test_text_without_colons_stays(text: str) -> None:
    assert with_emoji(text) == text
