"""What the board does unasked: asks once a month, closes what is due, brings back what waits in vain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from functools import partial

from bot.context import Dated
from bot.domain.circle import Circle
from bot.domain.rhythm import Ritual
from bot.domain.schedule import Schedule
from handlers.board.service import ask_by_the_month, return_themes
from handlers.board.service import close_due as close_due
from storage import circles, rituals
from storage.transaction import Transaction, in_circle

MONDAY = frozenset({0})


def dates(tx: Transaction) -> Iterator[Dated]:
    """In each circle: the day that its rhythm has for blockers, and every Monday."""
    for circle, monthly in rituals.schedules(tx, Ritual.BLOCKERS):
        yield Dated(monthly, in_circle(circle.id, ask_by_the_month))
    for circle in circles.every(tx):
        yield Dated(_weekly(circle), in_circle(circle.id, partial(return_themes, circle=circle)))


def _weekly(circle: Circle) -> Schedule:
    return Schedule(f"board:{circle.id}", time(10), MONDAY, circle.zone)
