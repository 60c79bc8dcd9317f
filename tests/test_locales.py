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


@pytest.mark.parametrize(
    ("language", "zone", "circle", "said"),
    [
        ("fr", "Europe/Paris", "Europe/Paris", "mardi 1er décembre, 00:30"),
        ("fr", "Europe/Brussels", "Europe/Paris", "mardi 1er décembre, 00:30"),
        ("fr", "Africa/Dakar", "Europe/Paris", "lundi 30 novembre, 23:30 (heure locale : Dakar)"),
        ("en", "Asia/Kolkata", "Europe/Paris", "Tuesday 1 December, 05:00 (Kolkata time)"),
        ("en", "UTC", "Europe/Paris", "Monday 30 November, 23:30 (UTC time)"),
        ("fr", "Africa/Dakar", "", "lundi 30 novembre, 23:30"),
    ],
)
def test_an_instant_names_the_zone_whose_clocks_differ_from_the_circles(
    language: str, zone: str, circle: str, said: str
) -> None:
    evening = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    moment = Translator(language, zone, circle).instant(evening)
    assert moment.text.replace("\u00a0", " ") == said
    assert (moment.at, moment.by_name) == (evening, False)


def test_an_instant_close_by_is_called_by_name() -> None:
    now, soon = datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 25, 9, tzinfo=UTC)
    moment = Translator("fr", "Europe/Paris", "Europe/Paris").instant(soon, now)
    assert (moment.text, moment.by_name) == ("demain à 10:00", True)
