"""May a message leave: the one place that decides."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.circle import Circle, Person
from bot.domain.member import Member, weekly_ceiling, working_time
from bot.domain.message import Kind, Message
from bot.domain.working_time import may_go, week_of
from storage import deliveries
from storage.transaction import CircleTransaction

UNREACHABLE_PAUSE = timedelta(days=1)
"""How long a message to somebody who cannot be written to waits before it is weighed again."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """May it go: now, at `until`, or never (`never` says why)."""

    until: datetime | None = None
    never: str = ""


GO = Verdict()


def used(tx: CircleTransaction, people: Iterable[Person], now: datetime) -> Counter[str]:
    """How many messages count against the ceiling of each, by their id, in the week of their own clock."""
    homes: defaultdict[str, set[str]] = defaultdict(set)
    for person in people:
        homes[person.zone].add(person.id)
    weeks: defaultdict[tuple[datetime, datetime], list[str]] = defaultdict(list)
    for zone, there in homes.items():
        weeks[week_of(zone, now)] += there
    found: Counter[str] = Counter()
    for week, ids in weeks.items():
        found.update(deliveries.count_shown(tx, ids, *week))
    return found


def weigh(
    message: Message,
    kind: Kind,
    circle: Circle,
    reader: Person | None,
    member: Member | None,
    used: int,
    now: datetime,
) -> Verdict:
    """The one place that decides whether a message may leave: consent, reachability, staleness, working
    time, ceiling, of which so many are `used`. A card that is there already is only redrawn, and disturbs
    nobody."""
    if message.shown_version > 0 or reader is None:
        return GO
    if message.expires_at is not None and message.expires_at <= now:
        return Verdict(never="expired before it could go")
    if kind.consent and member is None:
        return Verdict(never="no consent")
    if not reader.reachable:
        return Verdict(until=now + UNREACHABLE_PAUSE)
    if not kind.unasked:
        return GO
    ceiling = weekly_ceiling(circle, member) if member and kind.counts else None
    moment = may_go(working_time(reader.zone, member), now, used, ceiling)
    if moment is None:
        return Verdict(until=now + UNREACHABLE_PAUSE)
    return GO if moment <= now else Verdict(until=moment)
