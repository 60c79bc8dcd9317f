"""How fast answers leave, beside what the pump sends."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Final

from bot.chat.messenger import Limit, Throttled

TENANT: Final = Limit(2, burst=2)
CONVERSATION: Final = Limit(1, burst=4)
"""What the pump's pace leaves of Teams' limits, in each process. A tenant allows 50 requests in one second,
of which the pump takes 46 at most. A conversation allows 7 in one second, 8 in two and 60 in thirty, of which
the pump takes 1, 2 and 25."""

MOST: Final = 10_000
"""Conversations that are remembered."""


class AnswerRate:
    """An answer that would be one too many is kept, and leaves at the pump's pace, before everything else."""

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._free: OrderedDict[str, float] = OrderedDict()
        self._held = 0.0

    def take(self, conversation: str) -> None:
        """Take a turn. Raises Throttled, with nothing to wait for, where none is left."""
        now = self._seconds()
        limits = {"": TENANT, conversation: CONVERSATION}
        if now < self._held or any(self._start(key, now, limit) > now for key, limit in limits.items()):
            raise Throttled(0)
        for key, limit in limits.items():
            self._free[key] = max(self._free.get(key, now), now) + limit.interval.total_seconds()
            self._free.move_to_end(key)
        while len(self._free) > MOST:
            self._free.popitem(last=False)

    def hold(self, seconds: float) -> None:
        """Let no answer leave for so long, because Teams asks to wait."""
        self._held = max(self._held, self._seconds() + seconds)

    def _start(self, key: str, now: float, limit: Limit) -> float:
        """When the next turn is to be had."""
        return self._free.get(key, now) - limit.interval.total_seconds() * (limit.burst - 1)
