"""The recap of a month: what a circle did, told as stories and never as ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.domain.board import Theme
from bot.domain.entry import Entry
from bot.domain.message import Kind
from bot.domain.rhythm import Ritual

RECAP = Kind("recap", unasked=True, consent=True, counts=True)

MONTHS = 6
"""In the picture."""
CATCH_UP = timedelta(days=7)
"""How late a recap is still made."""
LONGEST = timedelta(days=45)
"""What one looks back on, when there was none for long."""
TITLES = 5
ANSWERS = 3
DECISIONS = 4
DECIDED = (
    "log.cadence_agreed",
    "log.ceiling_agreed",
    "log.purpose_agreed",
    "log.ritual_agreed",
    "log.ritual_changed",
)
"""The entries of the public log that a recap repeats."""
MIDDLE = 14


@dataclass(frozen=True, slots=True)
class Recap:
    """Of what happened from `since` to `made_at`. `month` is its name, its first day. `token` leads to its
    picture."""

    circle_id: str
    id: str
    month: date
    token: str
    since: datetime
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Thanked:
    """A thank-you that its receivers agreed to have shown: names, and the words."""

    giver: str
    receivers: tuple[str, ...]
    reason: str


class Panel(StrEnum):
    POSTS = "posts"
    SHARES = "shares"
    THANKS = "thanks"


@dataclass(frozen=True, slots=True)
class Figures:
    """One month of a circle. `shares` is None for a circle so small that it would point at somebody."""

    month: date
    posts: int
    thanks: int
    shares: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """All that a recap says. `posts` are titles; `answers` what held the circle back and was answered;
    `trust` is the latest pulse's, of 5, and the one's before; `coming` is what comes next, and when."""

    posts: Sequence[str] = ()
    shares: int | None = None
    clicks: int | None = None
    thanks: Sequence[Thanked] = ()
    decisions: Sequence[Entry] = ()
    answers: Sequence[Theme] = ()
    trust: tuple[float, float | None] | None = None
    coming: Sequence[tuple[Ritual, datetime]] = ()
    months: Sequence[Figures] = ()

    @property
    def empty(self) -> bool:
        return not (self.posts or self.shares or self.thanks or self.decisions or self.answers)

    @property
    def pictured(self) -> bool:
        return bool(panels(self.months))


def month_told(day: date) -> date:
    """The first day of the month that a recap made that day is named after: early in a month, the one
    before."""
    first = day.replace(day=1)
    return first if day.day > MIDDLE else (first - timedelta(days=1)).replace(day=1)


def months_until(month: date, number: int = MONTHS) -> list[date]:
    """First days of months, the last of which is `month`."""
    count = month.year * 12 + month.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(count - number + 1, count + 1)]


def month_after(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def panels(months: Sequence[Figures]) -> dict[Panel, list[tuple[date, int]]]:
    """What a picture is made of: whatever there was any of."""
    every = {
        Panel.POSTS: [(m.month, m.posts) for m in months],
        Panel.SHARES: [(m.month, m.shares) for m in months if m.shares is not None],
        Panel.THANKS: [(m.month, m.thanks) for m in months],
    }
    return {panel: counts for panel, counts in every.items() if any(count for _, count in counts)}
