"""The rhythm of each circle: its own rows, the usual month where it has none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from bot.domain.circle import Circle
from bot.domain.rhythm import USUAL, Ritual, When, schedule
from bot.domain.schedule import Schedule, instant
from bot.domain.working_time import zone_or
from storage import recurring, slots, tables
from storage.rows import one_at_a_time, put
from storage.transaction import CircleTransaction

_r = tables.ritual.c


def of_circle(tx: CircleTransaction, circle: Circle) -> Mapping[Ritual, When]:
    """Every ritual, those left out too."""
    rows = tx.execute(select(_r.name, _r.week, _r.weekday, _r.at).where(_r.circle_id == circle.id))
    return {**USUAL, **{Ritual(row.name): When(row.week, row.weekday, row.at) for row in rows}}


def schedule_of(tx: CircleTransaction, circle: Circle, ritual: Ritual) -> Schedule | None:
    """When it comes round in that circle; None while the circle leaves it out."""
    return schedule(circle, ritual, of_circle(tx, circle)[ritual])


def alone(tx: CircleTransaction, circle: Circle) -> None:
    """Until this transaction ends, nobody else changes the rhythm of that circle."""
    one_at_a_time(tx, f"rhythm:{circle.id}")


def change(tx: CircleTransaction, circle: Circle, ritual: Ritual, when: When, now: datetime) -> None:
    """From now on: an hour of today that has gone by is meant for the next month."""
    key = {"circle_id": circle.id, "name": ritual}
    values = {"week": when.week, "weekday": when.weekday, "at": when.at, "changed_at": now}
    put(tx, tables.ritual, key, values)
    recurring.look_again(tx)
    kept, today = schedule(circle, ritual, when), now.astimezone(zone_or(circle.zone)).date()
    if kept is not None and kept.falls_on(today) and instant(kept, today) <= now:
        slots.win(tx, kept.name, today, now)


def changed_at(tx: CircleTransaction, circle: Circle, ritual: Ritual) -> datetime:
    """Since when it is as it is."""
    found = select(_r.changed_at).where(_r.circle_id == circle.id, _r.name == ritual)
    return tx.execute(found).scalar() or circle.created_at
