"""Days as a native would write them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot.locales import Translator


@pytest.mark.parametrize(
    ("language", "day", "written"),
    [
        ("fr", date(2026, 12, 1), "mardi 1er décembre"),
        ("fr", date(2026, 12, 2), "mercredi 2 décembre"),
        ("fr", date(2026, 12, 11), "vendredi 11 décembre"),
        ("fr", date(2026, 8, 31), "lundi 31 août"),
        ("en", date(2026, 12, 1), "Tuesday 1 December"),
    ],
)
def test_a_day(language: str, day: date, written: str) -> None:
    assert Translator(language).day(day) == written


def test_a_moment_is_of_the_day_that_it_is_there() -> None:
    evening = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert Translator("fr", "Europe/Paris").moment(evening) == "mardi 1er décembre, 00:30"
    assert Translator("fr", "Africa/Dakar").moment(evening) == "lundi 30 novembre, 23:30"
