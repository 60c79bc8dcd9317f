"""A member: somebody who chose to be in the circle, and how they wish to be spoken to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time

from bot.domain.circle import Circle
from bot.domain.working_time import WorkingTime, paused


@dataclass(frozen=True, slots=True)
class Preferences:
    """`weekly_ceiling` in unasked messages a week; `days` are weekdays, Monday 0; `country` as in the
    `holidays` package ("FR"), empty for none; `instance` is the host of the member's Mastodon server."""

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


def weekly_ceiling(circle: Circle, member: Member) -> int:
    """Unasked messages a week: what the member chose, never more than the circle agreed on; half of it while
    the circle goes slowly, and one at least."""
    agreed = min(member.preferences.weekly_ceiling, circle.weekly_ceiling)
    return agreed if circle.slowed_at is None else max(1, agreed // 2)


def working_time(zone: str, member: Member | None) -> WorkingTime:
    """When this person is at work, their pause counted as being away; usual hours for a non-member."""
    if member is None:
        return WorkingTime(zone)
    wishes = member.preferences
    away = (paused(member.paused_until),) if member.paused_until else ()
    return WorkingTime(zone, wishes.day_start, wishes.day_end, wishes.days, wishes.country, away)
