"""The month of a circle: what comes round, in which of its weeks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from hashlib import sha256
from itertools import count

from bot.domain.circle import Circle
from bot.domain.errors import BadHour, BadRhythm
from bot.domain.message import Kind
from bot.domain.schedule import DAY, Schedule, instant
from bot.domain.working_time import zone_or

NEVER = 0
WEEKS = 4
"""Every month has four of each weekday; a fifth only some have."""

KUDOS_WEEK = Kind("kudos_week", unasked=True, consent=True, counts=True)
POLL_WEEK = Kind("poll_week", unasked=True, consent=True, counts=True)


class Ritual(StrEnum):
    BLOCKERS = "blockers"
    KUDOS = "kudos"
    POLL = "poll"
    PULSE = "pulse"
    MEETING = "meeting"
    RECAP = "recap"


@dataclass(frozen=True, slots=True)
class When:
    """`week`, 1 to 4: the first such weekday of a month is in week 1; 0 for never. `weekday`: Monday 0. `at`
    by the clock of the circle's zone."""

    week: int
    weekday: int = 1
    at: time = time(10)


Rhythm = Mapping[Ritual, When]

USUAL: Rhythm = {
    Ritual.BLOCKERS: When(1),
    Ritual.KUDOS: When(2),
    Ritual.POLL: When(3),
    Ritual.PULSE: When(3),
    Ritual.MEETING: When(4),
    Ritual.RECAP: When(4),
}
"""The rhythm of a circle that has not chosen another."""


def schedule(circle: Circle, ritual: Ritual, when: When) -> Schedule | None:
    """Return when a ritual of this circle recurs; None if the circle leaves that ritual out."""
    if when.week == NEVER:
        return None
    days, weeks = frozenset({when.weekday}), frozenset({when.week})
    return Schedule(f"ritual:{ritual}:{circle.id}", when.at, days, circle.zone, weeks)


def next_date(schedule: Schedule, now: datetime, after: date = date.min) -> date:
    """The first date later than `after` on which it is still to come."""
    first = max(now.astimezone(zone_or(schedule.zone)).date(), after + DAY)
    days = (first + DAY * number for number in count())
    return next(day for day in days if schedule.falls_on(day) and instant(schedule, day) > now)


def last_date(schedule: Schedule, now: datetime) -> date:
    """The latest date on which it has come."""
    today = now.astimezone(zone_or(schedule.zone)).date()
    days = (today - DAY * number for number in count())
    return next(day for day in days if schedule.falls_on(day) and instant(schedule, day) <= now)


def mark(rhythm: Rhythm) -> str:
    """What tells one rhythm from another: of two who change it at once, the second is told."""
    spelt = ";".join(f"{r}{w.week}{w.weekday}{w.at:%H%M}" for r, w in sorted(rhythm.items()))
    return sha256(spelt.encode()).hexdigest()[:12]


def parse_place(typed: str, places: int) -> int:
    """A week or a weekday, below `places`. Raises BadRhythm."""
    if not (typed.isascii() and typed.isdigit() and len(typed) == 1 and int(typed) < places):
        raise BadRhythm
    return int(typed)


def parse_hour(typed: str) -> time:
    """Raises BadHour."""
    try:
        return time.fromisoformat(typed).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise BadHour from None
