"""What the pulse does unasked: asks once a month, and closes what is due."""

from __future__ import annotations

from collections.abc import Iterator

from bot.context import Dated
from bot.domain.rhythm import Ritual
from handlers.pulse.service import ask_by_the_month
from handlers.pulse.service import close_due as close_due
from storage import rituals
from storage.transaction import Transaction, in_circle


def dates(tx: Transaction) -> Iterator[Dated]:
    """In each circle, on the day that its rhythm has for it."""
    for circle, monthly in rituals.schedules(tx, Ritual.PULSE):
        yield Dated(monthly, in_circle(circle.id, ask_by_the_month))
