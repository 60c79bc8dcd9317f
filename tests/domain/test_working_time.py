"""The rule against an oracle that knows nothing of it: it asks minute after minute what the clock shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import holidays
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.errors import BadInput
from bot.domain.working_time import (
    HORIZON,
    Away,
    BadEnd,
    BadStart,
    NoHours,
    WorkingTime,
    at_work,
    may_go,
    next_moment,
    parse_hours,
    paused,
    week_of,
    zone_or,
)

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
ZONES = sorted(available_timezones() - {"localtime", "posixrules", "Factory"})
ODD = (
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/St_Johns",
    "America/Havana",
    "Asia/Beirut",
    "Africa/Cairo",
    "Antarctica/Troll",
    "Pacific/Chatham",
    "America/Sao_Paulo",
    "Pacific/Kwajalein",
)
COUNTRIES = ("", "FR", "GB-SCT", "DE-BY", "US", "JP", "ZZ", "FR-??")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@cache
def days_off(country: str, year: int) -> frozenset[date]:
    code, _, part = country.partition("-")
    if code not in ("FR", "GB", "DE", "US", "JP"):
        return frozenset()
    subdivision = part if part in ("SCT", "BY") else None
    return frozenset(holidays.country_holidays(code, subdiv=subdivision, years=year))


def oracle(person: WorkingTime, instant: datetime) -> bool:
    """How long ago did these hours begin, by the wall clock, and on which day was that?"""
    wall = instant.astimezone(ZoneInfo(person.zone)).replace(tzinfo=None)
    start = person.start.hour * 60 + person.start.minute
    length = (person.end.hour * 60 + person.end.minute - start) % 1440
    since = (wall.hour * 60 + wall.minute - start) % 1440
    day = (wall - since * MINUTE).date()
    return (
        since < length
        and day.weekday() in person.days
        and day not in days_off(person.country, day.year)
        and not any(a.start <= instant < a.end for a in person.away)
    )


@cache
def jumps(zone: str, year: int) -> tuple[datetime, ...]:
    """Some minute at or just before every change of offset in that year."""
    tz, found = ZoneInfo(zone), []
    at = datetime(year, 1, 1, tzinfo=UTC)
    while at.year == year:
        low, high = at, at + 5 * DAY
        if low.astimezone(tz).utcoffset() != high.astimezone(tz).utcoffset():
            while high - low > MINUTE:
                middle = low + (high - low) // MINUTE // 2 * MINUTE
                same = middle.astimezone(tz).utcoffset() == low.astimezone(tz).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(low)
        at += 5 * DAY
    return tuple(found)


clocks = st.builds(time, st.integers(0, 23), st.sampled_from((0, 15, 30, 45, 59)) | st.integers(0, 59))
instants = st.integers(0, 42 * 365 * 1440).map(lambda minutes: utc("1995-01-01") + minutes * MINUTE)
seconds = st.builds(
    timedelta, seconds=st.just(0) | st.integers(0, 59), microseconds=st.just(0) | st.integers(0, 999_999)
)
zones = st.sampled_from(ODD) | st.sampled_from(ZONES)


@st.composite
def people(draw: st.DrawFn) -> WorkingTime:
    start, end = draw(st.lists(clocks, min_size=2, max_size=2, unique=True))
    return WorkingTime(
        zone=draw(zones),
        start=start,
        end=end,
        days=draw(st.frozensets(st.integers(0, 6), min_size=1)),
        country=draw(st.sampled_from(COUNTRIES)),
    )


@st.composite
def moments(draw: st.DrawFn) -> tuple[WorkingTime, datetime]:
    """A person and an instant; half of them within two days of a night when the clocks change, with hours
    that begin and end about then."""
    person = draw(people())
    near = jumps(person.zone, draw(st.integers(1995, 2036))) if draw(st.booleans()) else ()
    if not near:
        return person, draw(instants) + draw(seconds)
    jump = draw(st.sampled_from(near))
    around = st.integers(-90, 90).map(lambda n: (jump + n * MINUTE).astimezone(ZoneInfo(person.zone)).time())
    start, end = draw(st.lists(around | clocks, min_size=2, max_size=2, unique=True))
    return replace(person, start=start, end=end), jump + draw(st.integers(-48 * 60, 12 * 60)) * MINUTE


def check(person: WorkingTime, now: datetime) -> None:
    there = next_moment(person, now)
    assert at_work(person, now) == oracle(person, now) == (there == now)
    assert there is not None
    assert there >= now
    assert oracle(person, there)
    assert next_moment(person, there) == there
    minute = now.replace(second=0, microsecond=0) + MINUTE
    if there > now:
        step = MINUTE if there - now < 3 * DAY else 13 * MINUTE
        while minute < there:
            assert not oracle(person, minute), f"{minute} comes before {there}"
            minute += step


@given(moments())
@settings(max_examples=200, deadline=None)
def test_the_next_moment_is_the_first_one_at_work(case: tuple[WorkingTime, datetime]) -> None:
    check(*case)


@pytest.mark.parametrize("zone", ODD)
@pytest.mark.parametrize("hours", [(9, 18), (2, 3), (22, 6), (0, 12), (23, 0)])
def test_both_daylight_saving_nights_minute_by_minute(zone: str, hours: tuple[int, int]) -> None:
    person = WorkingTime(zone, time(hours[0], 15), time(hours[1], 45), frozenset(range(7)))
    for year in (1993, 2011, 2026):
        for jump in jumps(zone, year):
            for minutes in range(-26 * 60, 3 * 60, 37):
                there = next_moment(person, jump + minutes * MINUTE)
                assert there is not None
                assert oracle(person, there)
            check(person, jump)
            check(person, jump - 26 * 60 * MINUTE)


@given(people(), instants, st.lists(st.tuples(st.integers(-50, 200), st.integers(1, 100)), max_size=4))
@settings(max_examples=100, deadline=None)
def test_nobody_is_disturbed_while_away(
    person: WorkingTime, now: datetime, hours: list[tuple[int, int]]
) -> None:
    hour = timedelta(hours=1)
    away = tuple(Away(now + first * hour, now + (first + lasting) * hour) for first, lasting in hours)
    check(replace(person, away=away), now)


@given(people(), instants, st.integers(0, 30), st.integers(0, 5), st.none() | st.integers(1, 5))
@settings(max_examples=100, deadline=None)
def test_a_reached_ceiling_waits_for_the_next_week(
    person: WorkingTime, now: datetime, days: int, used: int, ceiling: int | None
) -> None:
    there = may_go(person, now, used, ceiling)
    assert there is not None
    assert oracle(person, there)
    if ceiling is None or used < ceiling:
        assert there == next_moment(person, now)
    else:
        assert there >= week_of(person.zone, now)[1]
    later = now + days * DAY
    assert next_moment(person, now, not_before=later) == next_moment(person, later)


@given(st.sampled_from(ZONES), instants)
@settings(max_examples=200, deadline=None)
def test_weeks_follow_one_another(zone: str, now: datetime) -> None:
    start, end = week_of(zone, now)
    assert start <= now < end
    assert week_of(zone, start) == (start, end)
    assert week_of(zone, end)[0] == end
    assert abs(end - start - 7 * DAY) <= timedelta(hours=25)
    wall = start.astimezone(ZoneInfo(zone))
    assert wall.weekday() == 0
    assert wall.time() <= time(1)


def test_a_week_whose_midnight_is_skipped() -> None:
    """Tehran's clocks went from Sunday 24:00 to Monday 01:00."""
    start, end = week_of("Asia/Tehran", utc("2021-03-22T10:00"))
    assert (start, end) == (utc("2021-03-21T20:30"), utc("2021-03-28T19:30"))


PARIS = WorkingTime("Europe/Paris", country="FR")


@pytest.mark.parametrize(
    ("person", "now", "then"),
    [
        pytest.param(PARIS, "2026-11-20T08:00", "2026-11-20T08:00", id="nine o'clock sharp"),
        pytest.param(PARIS, "2026-11-20T07:59:59.999999", "2026-11-20T08:00", id="a moment before"),
        pytest.param(PARIS, "2026-11-20T16:59:59", "2026-11-20T16:59:59", id="still there"),
        pytest.param(PARIS, "2026-11-20T17:00", "2026-11-23T08:00", id="Friday evening"),
        pytest.param(PARIS, "2026-03-27T17:00", "2026-03-30T07:00", id="the weekend that loses an hour"),
        pytest.param(PARIS, "2026-10-23T16:00", "2026-10-26T08:00", id="the weekend that gains one"),
        pytest.param(PARIS, "2026-05-01T09:00", "2026-05-04T07:00", id="May Day, then a weekend"),
        pytest.param(PARIS, "2026-12-24T18:00", "2026-12-28T08:00", id="Christmas"),
        pytest.param(PARIS, "2027-12-31T18:00", "2028-01-03T08:00", id="New Year, into the next year's list"),
        pytest.param(PARIS, "2028-02-28T18:00", "2028-02-29T08:00", id="leap day"),
        pytest.param(
            WorkingTime("America/Montreal", days=frozenset({3})),
            "2026-11-20T12:00",
            "2026-11-26T14:00",
            id="Thursdays only",
        ),
        pytest.param(
            WorkingTime("Asia/Kathmandu"), "2026-11-23T00:00", "2026-11-23T03:15", id="quarter-hour offset"
        ),
        pytest.param(
            WorkingTime("Pacific/Apia"),
            "2011-12-30T09:59",
            "2012-01-01T19:00",
            id="Apia went from Thursday 29 December 2011 to Saturday 31",
        ),
        pytest.param(
            WorkingTime("Europe/Paris", time(2, 30), time(10), frozenset({6})),
            "2026-03-28T12:00",
            "2026-03-29T01:00",
            id="02:30 is skipped: the day starts when the clock jumps to 03:00",
        ),
        pytest.param(
            WorkingTime("Europe/Paris", time(2, 30), time(10), frozenset({6})),
            "2026-10-25T01:05",
            "2026-10-25T01:30",
            id="02:30 comes twice: between the two the clock shows less",
        ),
        pytest.param(
            WorkingTime("Europe/Paris", time(20), time(2, 30), frozenset({5})),
            "2026-10-25T00:40",
            "2026-10-25T01:00",
            id="a night's last half-hour comes twice",
        ),
        pytest.param(
            WorkingTime("Europe/Paris", time(2, 30), time(2, 15), frozenset(range(7))),
            "2026-10-25T00:20",
            "2026-10-25T00:30",
            id="the next day starts before the last one has come back to its end",
        ),
        pytest.param(
            WorkingTime("Europe/Paris", time(22), time(6), frozenset({4})),
            "2026-11-21T04:59",
            "2026-11-21T04:59",
            id="Friday's night is Saturday's morning",
        ),
        pytest.param(
            WorkingTime("Europe/Paris", time(22), time(6), frozenset({4})),
            "2026-11-20T04:59",
            "2026-11-20T21:00",
            id="and not Friday's morning",
        ),
    ],
)
def test_by_hand(person: WorkingTime, now: str, then: str) -> None:
    assert next_moment(person, utc(now)) == utc(then)
    check(person, utc(now))


def test_whoever_never_works_is_not_waited_for() -> None:
    assert next_moment(WorkingTime("UTC", days=frozenset()), utc("2026-11-20T10:00")) is None


def test_a_ceiling_of_nought_lets_nothing_through() -> None:
    assert may_go(PARIS, utc("2026-11-20T10:00"), 0, 0) is None
    assert may_go(PARIS, utc("2026-11-20T10:00"), 99, None) == utc("2026-11-20T10:00")


def test_a_long_pause_still_has_an_end() -> None:
    now, until = utc("2026-11-20T10:00"), utc("2027-08-14T22:00")
    assert until - now > HORIZON * DAY
    person = WorkingTime("Europe/Paris", away=(paused(until),))
    assert not at_work(person, now)
    assert next_moment(person, now) == utc("2027-08-16T07:00")


def test_leaves_that_touch_are_one_leave() -> None:
    now = utc("2026-11-23T10:00")
    person = WorkingTime("UTC", away=(Away(now, now + DAY), Away(now + DAY, now + 2 * DAY)))
    assert next_moment(person, now) == now + 2 * DAY


@pytest.mark.parametrize(
    "name", ["", "Europe", "Nowhere/Land", "../etc/passwd", "/etc/passwd", "a\0b", "\ud800"]
)
def test_an_unknown_zone_is_the_default(name: str) -> None:
    assert zone_or(name) == ZoneInfo("UTC")
    assert zone_or(name, "Europe/Paris") == ZoneInfo("Europe/Paris")
    assert next_moment(WorkingTime(name), utc("2026-11-20T08:00")) == utc("2026-11-20T09:00")


@pytest.mark.parametrize(
    ("typed", "clock"),
    [
        ("09:00", time(9)),
        ("9", time(9)),
        ("9h", time(9)),
        ("9 h 30", time(9, 30)),
        ("9\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}05", time(9, 5)),
        (" 09h30 ", time(9, 30)),
        ("9.45", time(9, 45)),
        ("09:00:00", time(9)),
        ("9 AM", time(9)),
        ("12 am", time(0)),
        ("12:30 p.m.", time(12, 30)),
        ("6pm", time(18)),
        ("23:59", time(23, 59)),
        ("24:00", time(0)),
    ],
)
def test_hours_as_people_type_them(typed: str, clock: time) -> None:
    assert parse_hours(typed, "03:33") == (clock, time(3, 33))
    assert parse_hours("03:33", typed) == (time(3, 33), clock)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "nine",
        "25:00",
        "24:01",
        "9:60",
        "9:5",
        "930",
        "-9",
        "13 pm",
        "0 am",
        "9:",
        "٩:٠٠",
        "9:00 z",
        "9 30",
    ],
)
def test_hours_nobody_can_read(typed: str) -> None:
    with pytest.raises(BadStart) as start:
        parse_hours(typed, "18:00")
    with pytest.raises(BadEnd) as end:
        parse_hours("09:00", typed)
    assert (start.value.field, end.value.field) == ("day_start", "day_end")


@given(st.text(), st.text())
@example("0", "24:00")
def test_any_typing_gives_hours_or_a_reason(start: str, end: str) -> None:
    try:
        first, last = parse_hours(start, end)
    except BadInput:
        return
    assert first != last


def test_a_day_without_hours_is_refused() -> None:
    with pytest.raises(NoHours):
        parse_hours("09:00", "9h")
