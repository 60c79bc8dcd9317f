"""When a person may be written to unasked: their own hours, on their own days, by their own clock.

A person is at work at an instant when the clock on their wall then shows an hour of theirs, on a day of
theirs. Only the wall clock counts, so an hour that a daylight-saving night skips does not exist, and one
that it repeats exists twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.domain.errors import BadInput
from bot.domain.holiday import public_holidays

MONDAY_TO_FRIDAY = frozenset(range(5))
HORIZON = 60
"""Days looked ahead. Whoever works on none of the next 60 days is not waited for."""

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
DAWN_OF_TIME = datetime.min.replace(tzinfo=UTC)


class BadStart(BadInput):
    """That starting time could not be read. For example: 09:00"""

    field = "day_start"


class BadEnd(BadInput):
    """That finishing time could not be read. For example: 18:00"""

    field = "day_end"


class NoHours(BadInput):
    """The day would start and end at the same time. Two different times make hours of it."""

    field = "day_end"


@dataclass(frozen=True, slots=True)
class Away:
    """A leave, a pause or a do-not-disturb: from `start`, included, to `end`, excluded. Aware UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """`start` included, `end` excluded; an `end` at or before `start` is on the next day, and that night
    belongs to the day it starts on. `days` are weekdays, Monday 0. `country`, whose public holidays are
    days off, is ISO 3166 with or without a subdivision ("FR", "DE-BY", "GB-SCT"), empty for none."""

    zone: str
    start: time = time(9)
    end: time = time(18)
    days: frozenset[int] = MONDAY_TO_FRIDAY
    country: str = ""
    away: tuple[Away, ...] = ()


def paused(until: datetime) -> Away:
    return Away(DAWN_OF_TIME, until)


def may_go(person: WorkingTime, now: datetime, used: int, ceiling: int | None) -> datetime | None:
    """`now`, or the next instant at which this person may be sent one more; None when there is none.

    `used` of `ceiling` were sent in the week of `now` (see `week_of`). A ceiling reached waits for the next
    week; a ceiling of 0 lets nothing through; None is no ceiling.
    """
    if ceiling is None or used < ceiling:
        return next_moment(person, now)
    if ceiling == 0:
        return None
    return next_moment(person, now, not_before=week_of(person.zone, now)[1])


def next_moment(person: WorkingTime, now: datetime, *, not_before: datetime | None = None) -> datetime | None:
    """`now` if this person is at work then, otherwise the first instant when they are again, in UTC.

    None when they work on none of the 60 days after `now`, or after the end of whatever keeps them away.
    """
    moment: datetime | None = max(now, not_before) if not_before else now
    while moment is not None and (free := _back(person, moment)) != moment:
        moment = free
    return moment


def at_work(person: WorkingTime, instant: datetime) -> bool:
    return _in_hours(person, instant) and not any(a.start <= instant < a.end for a in person.away)


def week_of(zone: str, now: datetime) -> tuple[datetime, datetime]:
    """The instants at which the week of `now` starts and the next one does: Mondays, 00:00 by that zone's
    clock (or the first instant of that Monday, where midnight is skipped)."""
    today = now.astimezone(zone_or(zone)).date()
    monday = datetime.combine(today - DAY * today.weekday(), time())
    return first_instant(zone, monday), first_instant(zone, monday + 7 * DAY)


@lru_cache(maxsize=1024)
def zone_or(name: str, default: str = "UTC") -> ZoneInfo:
    """The zone of that IANA name; `default` when a platform gave none, or one this machine does not know."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return ZoneInfo(default)


def parse_hours(start: str, end: str) -> tuple[time, time]:
    """The hours a person typed: "09:00", "9h30", "9 h", "18.30", "6 pm"; "24:00" is the midnight after.

    Raises BadStart, BadEnd or NoHours.
    """
    first, last = _clock(start), _clock(end)
    if first is None:
        raise BadStart
    if last is None:
        raise BadEnd
    if first == last:
        raise NoHours
    return first, last


TYPED = re.compile(r"(\d{1,2})(?:h|[:.h](\d{2})(?::\d{2})?)?([ap]\.?m\.?)?", re.ASCII)


def _clock(text: str) -> time | None:
    found = TYPED.fullmatch("".join(text.lower().split()))
    if not found:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half[0] == "p" else 0)
    if (hour, minute) == (24, 0):
        return time()
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _in_hours(person: WorkingTime, instant: datetime) -> bool:
    wall = instant.astimezone(zone_or(person.zone))
    clock, today = wall.time(), wall.date()
    if person.start < person.end:
        return person.start <= clock < person.end and _is_working_day(person, today)
    return (clock >= person.start and _is_working_day(person, today)) or (
        clock < person.end and _is_working_day(person, today - DAY)
    )


def _is_working_day(person: WorkingTime, day: date) -> bool:
    return day.weekday() in person.days and not (
        person.country and day in public_holidays(person.country, day.year)
    )


def _back(person: WorkingTime, moment: datetime) -> datetime | None:
    """One step towards the next moment: past whatever keeps them away, then into their hours."""
    for away in person.away:
        if away.start <= moment < away.end:
            return away.end
    return moment if _in_hours(person, moment) else _next_start(person, moment)


def _next_start(person: WorkingTime, after: datetime) -> datetime | None:
    """The first instant after `after` at which hours of theirs may begin. Two days are looked at together:
    in the night that repeats an hour, a night's end and the next start may change places."""
    first = after.astimezone(zone_or(person.zone)).date() - DAY
    for day in (first + DAY * n for n in range(HORIZON + 2)):
        starts = [s for near in (day, day + DAY) for s in _starts(person, near) if s > after]
        if starts:
            return min(starts)
    return None


def _starts(person: WorkingTime, day: date) -> tuple[datetime, ...]:
    """Instants at which the hours of that day may begin: when the clock shows `start`, or when it jumps over
    it, or when it jumps back over `end`."""
    if not _is_working_day(person, day):
        return ()
    last = day if person.start < person.end else day + DAY
    edges = datetime.combine(day, person.start), datetime.combine(last, person.end)
    return tuple(instant for edge in edges for instant in _showings(person.zone, edge))


def _showings(zone: str, wall: datetime) -> tuple[datetime, ...]:
    """The instant at which the clock shows `wall`. Where it is skipped or repeated: the instants that the two
    offsets give (PEP 495), and between them the one at which the clock jumps."""
    local = wall.replace(tzinfo=zone_or(zone))
    early, late = sorted(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return (early,) if early == late else (early, _jump(zone, early, late), late)


def _jump(zone: str, early: datetime, late: datetime) -> datetime:
    """Return the first instant after `early` at which the zone already has its offset of `late`, found by
    halving."""
    tz = zone_or(zone)
    target = late.astimezone(tz).utcoffset()
    low, high = 0, int((late - early) / SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        after = (early + middle * SECOND).astimezone(tz).utcoffset() == target
        low, high = (low, middle) if after else (middle, high)
    return early.replace(microsecond=0) + high * SECOND


def first_instant(zone: str, wall: datetime) -> datetime:
    """The first instant at which the clock shows `wall` or, where it is skipped, what comes after it."""
    tz = zone_or(zone)
    return min(s for s in _showings(zone, wall) if s.astimezone(tz).replace(tzinfo=None) >= wall)
