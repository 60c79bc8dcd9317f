"""The dates of a month, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.circle import Circle
from bot.domain.errors import BadHour, BadRhythm
from bot.domain.rhythm import (
    USUAL,
    Ritual,
    When,
    last_date,
    mark,
    next_date,
    parse_hour,
    parse_place,
    schedule,
)
from bot.domain.schedule import Schedule, instant
from bot.domain.working_time import zone_or

ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Cairo", "UTC")
FOUNDED = datetime(2026, 1, 1, tzinfo=UTC)
whens = st.builds(When, st.integers(1, 4), st.integers(0, 6), st.times().map(lambda t: t.replace(second=0)))
nows = st.integers(0, 2 * 366 * 24 * 60).map(lambda minutes: FOUNDED + timedelta(minutes=minutes))


def kept(when: When, zone: str) -> Schedule:
    found = schedule(Circle("c", "", "fr", zone, FOUNDED), Ritual.MEETING, when)
    assert found is not None
    return found


@settings(deadline=None)
@given(whens, st.sampled_from(ZONES), nows)
def test_the_next_date_is_the_first_to_come_and_the_last_the_latest_that_came(
    when: When, zone: str, now: datetime
) -> None:
    rule = kept(when, zone)
    ahead, behind = next_date(rule, now), last_date(rule, now)
    assert instant(rule, behind) <= now < instant(rule, ahead)
    between = (behind + timedelta(days=n) for n in range(1, (ahead - behind).days))
    assert not any(rule.falls_on(day) for day in between)


@settings(deadline=None)
@given(whens, st.sampled_from(ZONES), nows)
def test_every_month_has_its_date_once(when: When, zone: str, now: datetime) -> None:
    rule, day, months = kept(when, zone), date.min, list[tuple[int, int]]()
    for _ in range(13):
        day = next_date(rule, now, day)
        months.append((day.year, day.month))
    first = months[0][0] * 12 + months[0][1]
    assert [year * 12 + month for year, month in months] == list(range(first, first + 13))


@pytest.mark.parametrize("at", [time(0, 30), time(2, 30), time(10), time(23, 59)])
@pytest.mark.parametrize("zone", ZONES)
def test_it_shows_the_same_hour_all_year(zone: str, at: time) -> None:
    """But in the night that skips that hour: then it is the first instant after."""
    rule, day = kept(When(4, 6, at), zone), date.min
    for _ in range(24):
        day = next_date(rule, FOUNDED, day)
        wall = instant(rule, day).astimezone(zone_or(zone)).replace(tzinfo=None)
        assert wall - datetime.combine(day, at) in (timedelta(0), timedelta(minutes=30), timedelta(hours=1))
        assert wall.time() == at or at.hour in (0, 2)


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (date(2027, 3, 28), datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_both_nights_of_paris(day: date, due: datetime) -> None:
    """02:30 on the last Sunday of March does not exist; on that of October it exists twice."""
    rule = kept(When(4, 6, time(2, 30)), "Europe/Paris")
    assert next_date(rule, due - timedelta(minutes=1)) == day
    assert instant(rule, day) == due
    assert last_date(rule, due) == day
    assert next_date(rule, due + timedelta(hours=1)) != day


def test_what_is_left_out_has_no_dates() -> None:
    assert schedule(Circle("c", "", "fr", "UTC", FOUNDED), Ritual.POLL, When(0)) is None


def test_any_change_has_another_mark() -> None:
    others = [{**USUAL, r: w} for r in Ritual for w in (When(0), When(1, 3), When(1, 1, time(11, 30)))]
    assert len({mark(USUAL), *map(mark, others)}) == 1 + len(others)
    assert mark(dict(reversed(USUAL.items()))) == mark(USUAL)


@pytest.mark.parametrize("typed", ["5", "-1", "", "1.5", "x", "²", "04", "٣"])
def test_a_week_that_is_none(typed: str) -> None:
    with pytest.raises(BadRhythm):
        parse_place(typed, 5)


@pytest.mark.parametrize("typed", ["25:00", "10:61", "", "noon", "10h", "-1:00", "10:00:99"])
def test_an_hour_that_is_none(typed: str) -> None:
    with pytest.raises(BadHour):
        parse_hour(typed)


@pytest.mark.parametrize(("typed", "hour"), [("10:00", time(10)), ("09:05:30+02:00", time(9, 5))])
def test_an_hour(typed: str, hour: time) -> None:
    assert parse_hour(typed) == hour
