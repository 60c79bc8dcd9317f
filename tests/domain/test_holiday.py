"""Public holidays of a country, of a part of it, and of all its parts together."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.holiday import PARTS, PLACES, public_holidays
from bot.domain.working_time import WorkingTime, next_moment
from bot.locales import LANGUAGES, Translator
from bot.locales.parts import NAMES

EPIPHANY = date(2026, 1, 6)
GOOD_FRIDAY, EASTER_MONDAY, WHIT_MONDAY = date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 25)
LATE_AUGUST, SAINT_ANDREW = date(2026, 8, 31), date(2026, 11, 30)


@pytest.mark.parametrize(
    ("place", "day", "off"),
    [
        ("GB", EASTER_MONDAY, True),
        ("GB", LATE_AUGUST, True),
        ("GB", SAINT_ANDREW, True),
        ("GB-ENG", EASTER_MONDAY, True),
        ("GB-ENG", LATE_AUGUST, True),
        ("GB-ENG", SAINT_ANDREW, False),
        ("GB-SCT", EASTER_MONDAY, False),
        ("GB-SCT", LATE_AUGUST, False),
        ("GB-SCT", SAINT_ANDREW, True),
        ("CH", GOOD_FRIDAY, True),
        ("CH", WHIT_MONDAY, True),
        ("CH-GE", GOOD_FRIDAY, True),
        ("CH-GE", WHIT_MONDAY, True),
        ("CH-TI", GOOD_FRIDAY, False),
        ("CH-VS", WHIT_MONDAY, False),
        ("DE", EPIPHANY, True),
        ("DE-BY", EPIPHANY, True),
        ("DE-BE", EPIPHANY, False),
        ("FR", EASTER_MONDAY, True),
        ("FR", GOOD_FRIDAY, False),
    ],
)
def test_a_part_has_its_own_days_and_a_country_those_of_all_its_parts(
    place: str, day: date, off: bool
) -> None:
    assert (day in public_holidays(place, day.year)) is off


@pytest.mark.parametrize("place", ["GB", "CH"])
def test_nobody_is_written_to_on_a_day_off_of_any_part_where_none_is_chosen(place: str) -> None:
    for day in public_holidays(place, 2026):
        morning = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        moment = next_moment(WorkingTime("UTC", days=frozenset(range(7)), country=place), morning)
        assert moment is not None
        assert moment >= morning + timedelta(days=1)


@pytest.mark.parametrize("country", PARTS)
def test_the_days_of_a_country_are_those_of_its_parts(country: str) -> None:
    parts = [public_holidays(f"{country}-{part}", 2026) for part in PARTS[country]]
    assert all(parts)
    assert public_holidays(country, 2026) == frozenset().union(*parts)


def test_a_part_that_nobody_knows_is_none() -> None:
    assert public_holidays("fr-nowhere", 2026) == public_holidays("FR", 2026) != frozenset()
    assert public_holidays("GB-XX", 2026) == public_holidays("GB", 2026)
    assert public_holidays("ZZ", 2026) == public_holidays("-", 2026) == frozenset()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_place_has_a_name_of_its_own(language: str) -> None:
    names = [Translator(language).country(place) for place in PLACES]
    assert len(set(names)) == len(names) <= 100, "Slack takes 100 options"
    assert set(NAMES) == {place for place in PLACES if "-" in place}


def test_places_are_named_as_people_name_them() -> None:
    assert Translator("fr").country("CH-GE") == "Suisse – Genève"
    assert Translator("en").country("GB-SCT") == "United Kingdom – Scotland"
