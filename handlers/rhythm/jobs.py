"""What the rhythm does unasked: the weeks of thank-yous and of polls open with one light card each."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from bot.context import Dated, Occasion
from bot.domain.message import Kind
from bot.domain.rhythm import KUDOS_WEEK, POLL_WEEK, Ritual
from bot.domain.schedule import Schedule
from bot.domain.working_time import zone_or
from storage import messages, rituals, walls

LIFE = timedelta(days=6)


def when_to_invite(occasion: Occasion, ritual: Ritual) -> Schedule | None:
    return rituals.schedule_of(occasion.tx, occasion.circle, ritual)


def invite(occasion: Occasion, kind: Kind) -> None:
    """One card to everybody, which is of no use once its week is over."""
    tx, now = occasion.tx, occasion.now
    day = now.astimezone(zone_or(occasion.circle.zone)).date().isoformat()
    messages.request(tx, kind, day, walls.audience(tx), now, expires_at=now + LIFE)


INVITATIONS = tuple(
    Dated(f"ritual:{ritual}", partial(when_to_invite, ritual=ritual), partial(invite, kind=kind))
    for ritual, kind in ((Ritual.KUDOS, KUDOS_WEEK), (Ritual.POLL, POLL_WEEK))
)
