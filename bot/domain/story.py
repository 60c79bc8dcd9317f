"""What became of messages, and of what recurs, as far as the comms team may know: sums over everybody, never
who waits or why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from bot.domain.message import Obstacle, State

CROWD = 3
"""Fewer than this, and a moment would be one person's hours, or one person's pause."""


@dataclass(frozen=True, slots=True)
class Story:
    """What became of the cards of one post, all readers together. Somebody who paused, declined, reached
    their ceiling or cannot be written to is in it as everybody else who waits; how many cards were drawn
    again is left out, for that is how many people pressed something.

    `doubtful`: the chat is being asked whether it stands there. `first_at`, `last_at`: when the first and the
    last arrived. `next_at`: when the next may leave.
    """

    waiting: int = 0
    sent: int = 0
    doubtful: int = 0
    dropped: int = 0
    unknown: int = 0
    dead: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    next_at: datetime | None = None

    @property
    def arrivals(self) -> tuple[datetime, datetime] | None:
        """The first and the last, where they are nobody's in particular."""
        if self.first_at is None or self.last_at is None or self.sent < CROWD:
            return None
        return self.first_at, self.last_at

    @property
    def departure(self) -> datetime | None:
        """The next, where that is nobody's in particular."""
        return self.next_at if self.waiting >= CROWD else None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a message was. `title` of the post or the poll it is about, if it is about one."""

    kind: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message was to be shown. `name` is empty where nobody knows it."""

    address: str
    name: str
    in_channel: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """A message that did not arrive, or perhaps did."""

    subject: Subject
    target: Target
    obstacle: Obstacle


@dataclass(frozen=True, slots=True)
class Failures:
    """Messages that the same obstacle kept from one channel, or of which it kept one from several people."""

    obstacle: Obstacle
    subjects: tuple[Subject, ...]
    targets: tuple[Target, ...]

    @property
    def in_channel(self) -> bool:
        return self.targets[0].in_channel


def grouped(failures: Iterable[Failure]) -> tuple[Failures, ...]:
    """Return the failures together that one act mends, in the order in which the first of each came."""
    groups: dict[tuple[object, Obstacle], list[Failure]] = {}
    for failure in failures:
        shared = failure.target if failure.target.in_channel else failure.subject
        groups.setdefault((shared, failure.obstacle), []).append(failure)
    return tuple(
        Failures(
            obstacle,
            tuple(dict.fromkeys(failure.subject for failure in group)),
            tuple(dict.fromkeys(failure.target for failure in group)),
        )
        for (_, obstacle), group in groups.items()
    )


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to whoever reads this: all there is to know. `title` of the post it is about, if it is
    about one; `changes`: how often it was drawn again where it stands."""

    kind: str
    title: str
    state: State
    created_at: datetime
    due_at: datetime
    shown_at: datetime | None
    changes: int
    attempts: int
    reason: str


@dataclass(frozen=True, slots=True)
class Missed:
    """What recurs and was not done in time on these days, oldest first. `schedule` by its name."""

    schedule: str
    days: tuple[date, ...]
