"""Making the recap of each month, once, on its day or as soon after as possible."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.context import Dated, Occasion
from bot.domain.recap import CATCH_UP, LONGEST, RECAP, month_told
from bot.domain.rhythm import Ritual, last_date
from bot.domain.schedule import EVERY_DAY, EVERY_WEEK, Schedule, instant
from storage import messages, recaps, rituals, walls

LIFE = timedelta(days=14)


def every_day(occasion: Occasion) -> Schedule | None:
    """At the hour of the ritual, so that a recap which was missed is made on a day after."""
    monthly = rituals.schedule_of(occasion.tx, occasion.circle, Ritual.RECAP)
    if monthly is None:
        return None
    return replace(monthly, name=f"recap:{occasion.circle.id}", days=EVERY_DAY, weeks=EVERY_WEEK)


def make(occasion: Occasion) -> bool:
    """False where nothing is due: that month has its recap, or its day was before the rhythm was chosen."""
    tx, circle, now = occasion.tx, occasion.circle, occasion.now
    schedule = rituals.schedule_of(tx, circle, Ritual.RECAP)
    if schedule is None:
        return False
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


MONTHLY = Dated("recap", every_day, make)
