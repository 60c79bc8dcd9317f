"""The delivery policy: may a message leave now? Nothing else decides that."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.circle import Circle, Person
from bot.domain.member import Member, weekly_ceiling, working_time
from bot.domain.message import REPLY, Kind, Message
from bot.domain.working_time import may_go, week_of
from storage import deliveries
from storage.messages import EXPIRED
from storage.transaction import CircleTransaction

UNREACHABLE_PAUSE = timedelta(days=1)
"""How long a message to somebody who cannot be written to, or is a guest, waits before the next decision."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A message may leave now, at `until`, or never. `never` says why."""

    until: datetime | None = None
    never: str = ""


GO = Decision()


def count_used(tx: CircleTransaction, people: Iterable[Person], now: datetime) -> Counter[str]:
    """Count the messages that take from each person's ceiling this week, by the person's own clock and by
    their id."""
    zones: defaultdict[str, set[str]] = defaultdict(set)
    for person in people:
        zones[person.zone].add(person.id)
    weeks: defaultdict[tuple[datetime, datetime], list[str]] = defaultdict(list)
    for zone, there in zones.items():
        weeks[week_of(zone, now)] += there
    found: Counter[str] = Counter()
    for week, ids in weeks.items():
        found.update(deliveries.count_shown(tx, ids, *week))
    return found


def decide(
    message: Message,
    kind: Kind,
    circle: Circle,
    reader: Person | None,
    member: Member | None,
    used: int,
    now: datetime,
) -> Decision:
    """Decide by consent, reachability, expiry, working time and ceiling, of which `used` are taken. A card
    that the chat shows already is only redrawn, which disturbs nobody. A guest receives the answers to what
    they do and nothing else."""
    if message.shown_version > 0 or reader is None:
        return GO
    if message.expires_at is not None and message.expires_at <= now:
        return Decision(never=EXPIRED)
    if kind.consent and member is None:
        return Decision(never="no consent")
    if not reader.reachable or (reader.guest and kind != REPLY):
        return Decision(until=now + UNREACHABLE_PAUSE)
    if not kind.unasked:
        return GO
    ceiling = weekly_ceiling(circle, member) if member and kind.counts else None
    moment = may_go(working_time(reader.zone, member), now, used, ceiling)
    if moment is None:
        return Decision(until=now + UNREACHABLE_PAUSE)
    return GO if moment <= now else Decision(until=moment)
