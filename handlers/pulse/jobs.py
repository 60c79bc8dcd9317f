"""What the pulse does unasked: asks once a month, and closes what is due."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bot.context import Dated
from bot.domain.rhythm import Ritual
from handlers.pulse.service import ask_by_the_month
from handlers.pulse.service import close_due as close_due
from storage import rituals
from storage.database import Transaction


def dates(tx: Transaction) -> Iterator[Dated]:
    """In each circle, on the day that its rhythm has for it."""
    for circle, monthly in rituals.schedules(tx, Ritual.PULSE):
        yield Dated(monthly, partial(ask_by_the_month, circle_id=circle.id))
