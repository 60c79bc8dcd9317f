"""A pulse: three questions to the whole circle, answered under a pseudonym that nobody can trace once it has
closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean

from bot.domain.message import Kind
from bot.domain.secrecy import enough, packed, unpacked

PULSE = Kind("pulse", unasked=True, consent=True, counts=True)
PULSE_REMINDER = Kind("pulse_reminder", unasked=True, consent=True, counts=True)
PACE = Kind("pace", unasked=True, consent=True, counts=True)

MARKS = range(1, 6)
QUESTIONS = 3
MAX_WORDS = 500
LIFE = timedelta(days=7)
REST = timedelta(days=7)
"""Between the closing of one and the opening of the next."""
LAST_DAYS = timedelta(days=2)
"""Before the closing, for whoever would like to be reminded by then."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Marks from 1 to 5: `trust`, how freely one can speak; `pressure`, 5 is the heaviest; `energy`."""

    trust: int
    pressure: int
    energy: int
    words: str = ""

    def packed(self) -> bytes:
        """Return as many bytes for any answer."""
        return bytes((self.trust, self.pressure, self.energy)) + packed(self.words, MAX_WORDS)

    @classmethod
    def unpacked(cls, content: bytes) -> Answer:
        trust, pressure, energy = content[:QUESTIONS]
        return cls(trust, pressure, energy, unpacked(content[QUESTIONS:]))


@dataclass(frozen=True, slots=True)
class Means:
    """Of all answers, to one decimal place: what is shown is what is compared."""

    trust: float
    pressure: float
    energy: float


@dataclass(frozen=True, slots=True)
class Pulse:
    """`answers` and `means` are known once it has closed, if enough people answered. `lost`: the answers
    could not be read."""

    id: str
    opened_at: datetime
    closes_at: datetime
    closed_at: datetime | None = None
    answers: int = 0
    means: Means | None = None
    lost: bool = False

    def takes_answers(self, now: datetime) -> bool:
        return self.closed_at is None and now < self.closes_at


def means(answers: Sequence[Answer]) -> Means | None:
    """None where too few answered: an average would point at somebody."""
    if not enough(len(answers)):
        return None
    marks = zip(*((a.trust, a.pressure, a.energy) for a in answers), strict=True)
    return Means(*(round(fmean(column), 1) for column in marks))
