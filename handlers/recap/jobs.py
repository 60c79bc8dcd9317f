"""Making the recap of each month, once, on its day or as soon after as possible."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.context import Dated
from bot.domain.circle import Circle
from bot.domain.recap import CATCH_UP, LONGEST, RECAP, month_told
from bot.domain.rhythm import Ritual, last_date
from bot.domain.schedule import EVERY_DAY, EVERY_WEEK, Schedule, instant
from storage import messages, recaps, rituals, walls
from storage.transaction import CircleTransaction, Transaction, in_circle

LIFE = timedelta(days=14)


def dates(tx: Transaction) -> list[Dated]:
    """Looked at every day, so that one which was missed is made on a day after."""
    return [
        Dated(
            replace(schedule, name=f"recap:{circle.id}", days=EVERY_DAY, weeks=EVERY_WEEK),
            in_circle(circle.id, partial(make, circle=circle, schedule=schedule)),
        )
        for circle, schedule in rituals.schedules(tx, Ritual.RECAP)
    ]


def make(tx: CircleTransaction, now: datetime, *, circle: Circle, schedule: Schedule) -> bool:
    """False where nothing is due: that month has its recap, or its day was before the rhythm was chosen."""
    day = last_date(schedule, now)
    due = instant(schedule, day)
    if now - due > CATCH_UP or due <= rituals.changed_at(tx, circle, Ritual.RECAP):
        return False
    before = recaps.latest(tx)
    since = max(before.made_at if before else circle.created_at, now - LONGEST)
    recap_id = recaps.make(tx, month_told(day), since, now)
    if recap_id is None:
        return False
    messages.request(tx, RECAP, recap_id, walls.audience(tx), now, expires_at=now + LIFE)
    return True
