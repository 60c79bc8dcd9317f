"""A share: one post, one member, one network. Opening the composer and posting are different facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from bot.domain.working_time import (
    DAY,
    WorkingTime,
    at_work,
    first_instant,
    next_moment,
    week_of,
    zone_or,
)

AFTERNOON = time(14)
SOONEST = timedelta(hours=1)
"""What comes back sooner was not put aside."""
NIGHT = timedelta(hours=8)
"""Between now and the next morning, at least."""


@dataclass(frozen=True, slots=True)
class Share:
    """`page_token` opens the member's own share page; `link_token` is the link that readers follow."""

    post_id: str
    person_id: str
    network: str
    page_token: str
    link_token: str
    opened_at: datetime | None
    posted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stance:
    """What a member answered to a post. Nobody else ever sees it."""

    declined: bool = False
    later_until: datetime | None = None

    def waits(self, now: datetime) -> bool:
        """It is put aside."""
        return self.later_until is not None and now < self.later_until

    def came_back(self, now: datetime) -> bool:
        """It was put aside, and its moment has come."""
        return self.later_until is not None and self.later_until <= now


@dataclass(frozen=True, slots=True)
class Tally:
    """What a post did, all members together. `posted`: as its members say. `clicks`: of readers, not of
    crawlers. To whom it was sent, who waits for it and who opened it is nobody else's business."""

    posted: int
    clicks: int


def next_morning(person: WorkingTime, now: datetime) -> datetime:
    """When this person's next day of work begins, whatever hour that is."""
    today = now.astimezone(zone_or(person.zone)).date()
    starts = (first_instant(person.zone, datetime.combine(today + n * DAY, person.start)) for n in range(3))
    start = next(start for start in starts if start >= now + NIGHT)
    return next_moment(person, start) or start


def moments(person: WorkingTime, now: datetime) -> list[datetime]:
    """What "later" may mean, soonest first: this afternoon, if they work then; the next morning, or the first
    of next week."""
    today, monday = now.astimezone(zone_or(person.zone)).date(), week_of(person.zone, now)[1]
    afternoon = first_instant(person.zone, datetime.combine(today, AFTERNOON))
    found = {next_morning(person, now), next_moment(person, monday) or monday}
    return sorted(
        found | ({afternoon} if afternoon >= now + SOONEST and at_work(person, afternoon) else set())
    )
