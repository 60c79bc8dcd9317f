"""What the pulse does unasked: asks once a month, and closes what is due."""

from __future__ import annotations

from bot.context import Dated, Occasion
from bot.domain.rhythm import Ritual
from bot.domain.schedule import Schedule
from handlers.pulse import service
from handlers.pulse.service import close_due as close_due
from storage import rituals


def when_to_ask(occasion: Occasion) -> Schedule | None:
    return rituals.schedule_of(occasion.tx, occasion.circle, Ritual.PULSE)


def ask(occasion: Occasion) -> None:
    service.ask_by_the_month(occasion.tx, occasion.now)


MONTHLY = Dated("ritual:pulse", when_to_ask, ask)
