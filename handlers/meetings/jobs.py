"""What meetings do unasked: the next one is planned, announced, reminded of, and over."""

from __future__ import annotations

from datetime import datetime

from bot.context import Occasion, Timed
from bot.domain.meeting import RECURRING
from handlers.meetings import service


def keep(occasion: Occasion) -> datetime | None:
    return service.keep(occasion.tx, occasion.circle, occasion.now)


MEETINGS = Timed(RECURRING, keep)
