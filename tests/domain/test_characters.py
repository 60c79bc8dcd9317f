"""Characters that are seen, and cuts that no reader sees inside of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.characters import GRAPHEME, is_seen, shorten, without_unseen

FAMILY = "👩‍👩‍👧‍👦"
FRANCE = "🇫🇷"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("abc", 3, "abc"),
        ("abcdef", 3, "ab…"),
        ("ab cdef", 4, "ab…"),
        (FAMILY * 2, len(FAMILY) * 2 - 1, FAMILY + "…"),
        (FAMILY, len(FAMILY) - 1, "…"),
        (FRANCE * 3, 5, FRANCE * 2 + "…"),
        (FRANCE * 3, 4, FRANCE + "…"),
        ("e\u0301" * 4, 4, "e\u0301…"),
        (SCOTLAND * 2, 13, SCOTLAND + "…"),
        ("👋🏽👋🏽", 3, "👋🏽…"),
        ("\r\n" * 3, 4, "…"),
    ],
)
def test_a_text_is_cut_between_graphemes(text: str, limit: int, kept: str) -> None:
    assert shorten(text, limit) == kept


def test_a_text_is_measured_as_the_platform_measures() -> None:
    assert shorten("🙂🙂🙂", 5, lambda text: len(text.encode("utf-16-le")) // 2) == "🙂🙂…"
    assert shorten("🙂🙂🙂", 2, mark="") == "🙂🙂"


@given(st.text(), st.integers(1, 40))
def test_a_cut_keeps_whole_graphemes_of_the_beginning(text: str, limit: int) -> None:
    kept = shorten(text, limit)
    assert len(kept) <= limit
    if kept != text:
        start = GRAPHEME.findall(kept.removesuffix("…"))
        assert "".join(GRAPHEME.findall(text)[: len(start)]).rstrip() == "".join(start)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\u200bb\u00adc\ufeffd\u2060e\u200ef\u202eg\x00h\x1bi", "abcdefghi"),
        (FAMILY, FAMILY),
        (SCOTLAND, SCOTLAND),
        ("x\U000e0041\U000e0042", "x"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\u200da \u200c b\u200d", "a  b"),
        ("a\tb\nc\u00a0d\u202fe", "a\tb\nc\u00a0d\u202fe"),
    ],
)
def test_what_nobody_sees_is_left_out(text: str, kept: str) -> None:
    assert without_unseen(text) == kept


@pytest.mark.parametrize(
    "text", ["", " \u00a0\u3000", "\u200b", "\ufe0f", "\u3164", "\u2800", "\u034f", "\u200d"]
)
def test_nothing_is_seen(text: str) -> None:
    assert not is_seen(text)


@pytest.mark.parametrize("text", ["a", ".", "🫩", "é", "\u0301", FRANCE, "日"])
def test_something_is_seen(text: str) -> None:
    assert is_seen(text)
