"""A member: somebody who chose to be in the circle, and how they wish to be spoken to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time

from bot.domain.working_time import WorkingTime, paused

MAX_CEILING = 20
"""Contents a week. Above that nobody reads; the form says so."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """`weekly_ceiling` in contents a week; `days` are weekdays, Monday 0; `country` as in the `holidays`
    package ("FR"), empty for none; `instance` is the host of the member's Mastodon server."""

    topics: frozenset[str] = frozenset()
    networks: tuple[str, ...] = ()
    weekly_ceiling: int = 2
    day_start: time = time(9)
    day_end: time = time(18)
    days: frozenset[int] = frozenset(range(5))
    country: str = ""
    instance: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """Exists only while a live consent does."""

    person_id: str
    joined_at: datetime
    consent_version: int
    paused_until: datetime | None = None
    preferences: Preferences = field(default_factory=Preferences)


def working_time(zone: str, member: Member | None) -> WorkingTime:
    """When this person is at work, their pause counted as being away; usual hours for a non-member."""
    if member is None:
        return WorkingTime(zone)
    wishes = member.preferences
    away = (paused(member.paused_until),) if member.paused_until else ()
    return WorkingTime(zone, wishes.day_start, wishes.day_end, wishes.days, wishes.country, away)
