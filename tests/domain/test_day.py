"""A day is read as people of that language type it."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.day import read_day
from bot.domain.errors import BadDate

TODAY = date(2026, 11, 24)
"""A Tuesday."""
CHRISTMAS_EVE = date(2026, 12, 24)
FRIDAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("24/12/2026", CHRISTMAS_EVE),
        ("24/12/26", CHRISTMAS_EVE),
        ("24.12.2026", CHRISTMAS_EVE),
        ("24-12", CHRISTMAS_EVE),
        ("2026-12-24", CHRISTMAS_EVE),
        ("24 décembre 2026", CHRISTMAS_EVE),
        ("24 Decembre", CHRISTMAS_EVE),
        ("le 24 déc.", CHRISTMAS_EVE),
        ("jusqu’au jeudi 24 décembre", CHRISTMAS_EVE),
        ("jeudi\u00a024/12", CHRISTMAS_EVE),
        ("1er décembre", date(2026, 12, 1)),
        ("24/11", TODAY),
        ("23/11", date(2027, 11, 23)),
        ("29 février", date(2028, 2, 29)),
        ("vendredi", FRIDAY),
        ("Vendredi prochain", FRIDAY),
        ("ven.", FRIDAY),
        ("mar", date(2026, 12, 1)),
        ("24 mar", date(2027, 3, 24)),
        ("mardi", date(2026, 12, 1)),
        ("demain", TODAY + timedelta(days=1)),
        ("après-demain", TODAY + timedelta(days=2)),
        ("Friday", FRIDAY),
    ],
)
def test_a_day_in_french(typed: str, day: date) -> None:
    assert read_day(typed, TODAY, "fr") == day


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("24/12/2026", CHRISTMAS_EVE),
        ("2026-12-24", CHRISTMAS_EVE),
        ("24 December", CHRISTMAS_EVE),
        ("December 24, 2026", CHRISTMAS_EVE),
        ("Thursday the 24th of Dec", CHRISTMAS_EVE),
        ("1st December", date(2026, 12, 1)),
        ("Friday", FRIDAY),
        ("next friday", FRIDAY),
        ("until Fri", FRIDAY),
        ("thurs", date(2026, 11, 26)),
        ("3 mar", date(2027, 3, 3)),
        ("tomorrow", TODAY + timedelta(days=1)),
        ("vendredi", FRIDAY),
    ],
)
def test_a_day_in_english(typed: str, day: date) -> None:
    assert read_day(typed, TODAY, "en") == day


def test_americans_write_the_month_first() -> None:
    assert read_day("12/24/2026", TODAY, "en", month_first=True) == CHRISTMAS_EVE
    assert read_day("12/1", TODAY, "en", month_first=True) == date(2026, 12, 1)
    assert read_day("2026-12-24", TODAY, "en", month_first=True) == CHRISTMAS_EVE
    with pytest.raises(BadDate):
        read_day("24/12/2026", TODAY, "en", month_first=True)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    "typed",
    [
        *(
            "",
            "hier",
            "bientôt",
            "24",
            "décembre",
            "32/12/2026",
            "31/4",
            "30 février",
            "12/24/2026",
            "2026-13-01",
        ),
        *(
            "24/12/2026/1",
            "24/12-2026",
            "vendredi samedi",
            "jui",
            "24 décembre 2026 2027",
            "24 25 décembre",
            "0/0",
        ),
    ],
)
def test_what_is_no_day_is_refused(typed: str, language: str) -> None:
    with pytest.raises(BadDate):
        read_day(typed, TODAY, language)


WORDS = st.sampled_from(
    ["le", "24", "12", "/", "décembre", "vendredi", "2026", "29/2", "next", "-", ".", "1er", " "]
)


@given(st.text(max_size=20) | st.lists(WORDS, max_size=6).map(" ".join), st.dates(), st.booleans())
def test_any_words_are_a_day_or_none(typed: str, today: date, month_first: bool) -> None:
    with suppress(BadDate):
        assert isinstance(read_day(typed, today, "fr", month_first=month_first), date)
