"""What the board does unasked: asks once a month, closes what is due, brings back what waits in vain."""

from __future__ import annotations

from datetime import time

from bot.context import Dated, Occasion
from bot.domain.rhythm import Ritual
from bot.domain.schedule import Schedule
from handlers.board import service
from handlers.board.service import close_due as close_due
from storage import rituals

MONDAY = frozenset({0})


def when_to_ask(occasion: Occasion) -> Schedule | None:
    return rituals.schedule_of(occasion.tx, occasion.circle, Ritual.BLOCKERS)


def ask(occasion: Occasion) -> None:
    service.ask_by_the_month(occasion.tx, occasion.now)


def every_monday(occasion: Occasion) -> Schedule:
    return Schedule(f"board:{occasion.circle.id}", time(10), MONDAY, occasion.circle.zone)


def return_themes(occasion: Occasion) -> None:
    service.return_themes(occasion.tx, occasion.now, circle=occasion.circle)


MONTHLY = Dated("ritual:blockers", when_to_ask, ask)
WEEKLY = Dated("board", every_monday, return_themes)
