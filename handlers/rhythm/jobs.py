"""What the rhythm does unasked: the weeks of thank-yous and of polls open with one light card each."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from bot.context import Dated
from bot.domain.circle import Circle
from bot.domain.message import Kind
from bot.domain.rhythm import KUDOS_WEEK, POLL_WEEK, Ritual
from bot.domain.working_time import zone_or
from storage import messages, rituals, walls
from storage.transaction import CircleTransaction, Transaction, in_circle

LIFE = timedelta(days=6)
INVITATIONS = {Ritual.KUDOS: KUDOS_WEEK, Ritual.POLL: POLL_WEEK}


def dates(tx: Transaction) -> list[Dated]:
    return [
        Dated(schedule, in_circle(circle.id, partial(invite, circle=circle, kind=kind)))
        for ritual, kind in INVITATIONS.items()
        for circle, schedule in rituals.schedules(tx, ritual)
    ]


def invite(tx: CircleTransaction, now: datetime, *, circle: Circle, kind: Kind) -> None:
    """One card to everybody, which is of no use once its week is over."""
    occasion = now.astimezone(zone_or(circle.zone)).date().isoformat()
    audience = walls.audience(tx)
    messages.request(tx, kind, occasion, audience, now, expires_at=now + LIFE)
