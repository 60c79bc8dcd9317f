"""The dates of what recurs, by the clock of a place.

A slot is a schedule and a date by the clock on its wall. The date is the key: in the night that repeats an
hour 02:30 comes twice and is one slot; in the night that skips it, the slot is due at the first instant
after. Late ones are caught up within a window; what is later than that is marked as skipped.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.domain.working_time import first_instant, zone_or

WINDOW = timedelta(hours=6)
"""How late a slot is still worth its while."""
LOOK_BACK = 31
"""Days for which what was missed is marked as skipped."""
HORIZON = 366
"""Days among which the next date is looked for. The longest wait is for the fifth weekday of a month."""
DAY = timedelta(days=1)
EVERY_DAY = frozenset(range(7))
EVERY_WEEK = frozenset(range(1, 6))


@dataclass(frozen=True, slots=True)
class Schedule:
    """`at` by the clock of `zone`, on `days`: weekdays, Monday 0; in `weeks`: the first such day of a month
    is in week 1, the second in week 2. `name` is its key for good."""

    name: str
    at: time
    days: frozenset[int] = EVERY_DAY
    zone: str = "UTC"
    weeks: frozenset[int] = EVERY_WEEK

    def falls_on(self, day: date) -> bool:
        return day.weekday() in self.days and (day.day + 6) // 7 in self.weeks


@dataclass(frozen=True, slots=True)
class Slot:
    """`late`: beyond the window, to be marked as skipped."""

    local_date: date
    due_at: datetime
    late: bool


def instant(schedule: Schedule, day: date) -> datetime:
    """When that day's slot is due, in UTC: the first time its clock shows the hour, or, where the hour is
    skipped, the first instant after."""
    return first_instant(schedule.zone, datetime.combine(day, schedule.at))


def since(schedule: Schedule, now: datetime) -> date:
    """The first date that `due` looks at."""
    return _today(schedule, now) - LOOK_BACK * DAY


def due(schedule: Schedule, now: datetime, taken: Collection[date]) -> list[Slot]:
    """The slots whose moment has come and which nobody took, oldest first. `taken`: the dates from `since` on
    that somebody did or skipped. A schedule that never ran before has nothing to be late with."""
    today = _today(schedule, now)
    first = min([today - DAY, *taken])
    found = []
    for number in range((today - first).days + 2):  # clocks go back over midnight: it was tomorrow already
        day = first + number * DAY
        if schedule.falls_on(day) and day not in taken and (moment := instant(schedule, day)) <= now:
            found.append(Slot(day, moment, late=now - moment > WINDOW))
    return [slot for slot in found if not slot.late or slot.local_date > min(taken, default=date.max)]


def next_instant(schedule: Schedule, now: datetime) -> datetime | None:
    """The instant of the first slot that is still to come; None for a schedule with no date in the next
    year."""
    days = (_today(schedule, now) + number * DAY for number in range(HORIZON))
    moments = (instant(schedule, day) for day in days if schedule.falls_on(day))
    return next((moment for moment in moments if moment > now), None)


def _today(schedule: Schedule, now: datetime) -> date:
    return now.astimezone(zone_or(schedule.zone)).date()
