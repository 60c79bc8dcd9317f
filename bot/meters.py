"""What one process has done since it started, as plain counters. Sums only: nothing here names a person, a
workspace or a post. `/metrics` reads it; no metrics library is loaded before somebody asks."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock

BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 2.5, 3.0, 5.0, 10.0)
"""Seconds. Slack takes an answer within 3 and we give one within 2.5; Teams waits for 10 and more."""


class Result(StrEnum):
    """What came of one call to a platform."""

    SHOWN = "shown"
    THROTTLED = "throttled"
    RETRIED = "retried"
    DEAD = "dead"
    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"
    REMOVED = "removed"


@dataclass(slots=True)
class Histogram:
    """`counts` has one place more than BOUNDS: for what took longer than all of them."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


@dataclass(frozen=True, slots=True)
class Reading:
    """A copy of the counters. `sends` by (platform, method, result), `answers` by platform."""

    sends: dict[tuple[str, str, str], int]
    answers: dict[str, Histogram]
    lease_expiries: int


class Meters:
    """One a process; any thread may count."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sends: Counter[tuple[str, str, str]] = Counter()
        self._answers: dict[str, Histogram] = {}
        self._lease_expiries = 0

    def sent(self, platform: str, method: str, result: Result) -> None:
        """One call of a messenger is over; `method` is "send", "update" or "delete"."""
        with self._lock:
            self._sends[platform, method, result] += 1

    def lease_expired(self, count: int) -> None:
        """Claims that ended without an outcome."""
        with self._lock:
            self._lease_expiries += count

    def answered(self, platform: str, seconds: float) -> None:
        """A request of a platform was answered, `seconds` after it came in."""
        with self._lock:
            self._answers.setdefault(platform, Histogram()).add(seconds)

    def read(self) -> Reading:
        with self._lock:
            answers = {name: Histogram([*h.counts], h.total) for name, h in self._answers.items()}
            return Reading(dict(self._sends), answers, self._lease_expiries)
