"""A post: something worth sharing, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from bot.domain.round import working_days_after
from bot.domain.working_time import first_instant, zone_or

MAX_TITLE = 150
MAX_WHY = 500
MAX_OPENING = 1000
MAX_WORDS = 3000
MAX_ALT = 300
UNANSWERED = "question"
"""The kind of what recurs in a circle: a look at each question that waits for its answer."""
PATIENCE = 3
"""Working days after which a question that nobody answered comes back to the comms team."""


class DraftState(StrEnum):
    WAITING = "waiting"
    READY = "ready"
    UNREADABLE = "unreadable"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Found:
    """What was read on a page; empty where the page said nothing. `unshown`: it has a picture that the chats
    do not show."""

    url: str
    title: str = ""
    description: str = ""
    picture_url: str = ""
    picture_alt: str = ""
    site: str = ""
    unshown: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A link being turned into a post. `problem` is a catalogue key: why the page could not be read, or why
    its picture is left out."""

    id: str
    author_id: str
    url: str
    state: DraftState
    found: Found
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """What the author writes; `networks` empty means any. Instants are aware UTC. `expires_at` is the
    end of a day by the clock of `zone`, which was the author's when they composed the post and stays the
    same, whoever corrects it."""

    url: str
    title: str
    why: str
    openings: tuple[str, ...]
    topic_id: str
    networks: tuple[str, ...]
    picture_url: str
    picture_alt: str
    expires_at: datetime
    zone: str = "UTC"
    publish_at: datetime | None = None

    @property
    def last_day(self) -> date:
        """The last day on which the post is offered: the same for every reader."""
        return (self.expires_at - timedelta(seconds=1)).astimezone(zone_or(self.zone)).date()


@dataclass(frozen=True, slots=True)
class Post:
    id: str
    author_id: str
    copy: Copy
    version: int
    published_at: datetime | None
    withdrawn_at: datetime | None

    def live(self, now: datetime) -> bool:
        """Can still be shared."""
        return self.published_at is not None and self.withdrawn_at is None and now < self.copy.expires_at


def end_of_day(day: date, zone: str) -> datetime:
    """Return the instant at which that day ends by the clock of that zone. Raises OverflowError for the last
    day that there is."""
    return first_instant(zone, datetime.combine(day + timedelta(days=1), time()))


def comes_back_at(asked_at: datetime, zone: str) -> datetime:
    """Return the instant at which an unanswered question comes back to the comms team, by the circle's
    clock."""
    local = asked_at.astimezone(zone_or(zone))
    return first_instant(zone, datetime.combine(working_days_after(local.date(), PATIENCE), local.time()))
