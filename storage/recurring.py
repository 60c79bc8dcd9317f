"""What recurs in circles, and when each is to be looked at next.

A row names one recurring thing of one circle. Its rule is not kept here: it follows from the circle's zone,
its rhythm, a poll and its author. Whatever changes one of those calls `look_again` in the same transaction.
The scheduler holds the row, reads the rule, does what is due and writes the next instant: a tick costs what
is due, not how many circles there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, delete, exists, insert, literal, select, update

from storage import tables
from storage.rows import among, insert_new, put
from storage.transaction import CircleTransaction, Transaction

_r = tables.recurring.c

CIRCLE = "circle"
"""The kind of the row that a circle is made with: looking at it gives the circle the rows that it lacks."""
AHEAD = timedelta(minutes=1)
"""By how much the clocks of two processes may differ. A row that was set later than that was set by a clock
that was ahead, and its next instant is not to be trusted."""


@dataclass(frozen=True, slots=True)
class Key:
    """`subject_id` is empty where each circle has one of that kind."""

    circle_id: str
    kind: str
    subject_id: str


_to_look_at = _r.next_at <= bindparam("now")
_set_ahead = _r.set_at > bindparam("ahead")
_keys = select(_r.circle_id, _r.kind, _r.subject_id).where(among(_r.kind, "kinds")).limit(bindparam("limit"))
_due = _keys.where(_to_look_at).order_by(_r.next_at)
_ahead = _keys.where(_set_ahead)
_mine = (
    _r.circle_id == bindparam("circle"),
    _r.kind == bindparam("which"),
    _r.subject_id == bindparam("subject"),
)
_held = (
    select(_r.kind).where(*_mine, _to_look_at | _set_ahead).with_for_update(skip_locked=True, key_share=True)
)
_set = update(tables.recurring).where(*_mine).values(next_at=bindparam("next"), set_at=bindparam("now"))


def due(tx: Transaction, kinds: Iterable[str], now: datetime, limit: int) -> list[Key]:
    """What is to be looked at now, the longest due first. A row of a kind that is not among `kinds` waits for
    a version of the programme that knows it."""
    asked = {"kinds": tuple(kinds), "limit": limit}
    rows = tx.execute(_due, {**asked, "now": now}).all() or tx.execute(
        _ahead, {**asked, "ahead": now + AHEAD}
    )
    return [Key(*row) for row in rows]


def hold(tx: CircleTransaction, key: Key, now: datetime) -> bool:
    """Keep the row to this transaction until it ends. False if another process has it, or was quicker."""
    asked = {**_of(key), "now": now, "ahead": now + AHEAD}
    return tx.execute(_held, asked).first() is not None


def set_next(tx: CircleTransaction, key: Key, next_at: datetime | None, now: datetime) -> None:
    """When to look at it again. None: when something that its rule follows from has changed."""
    tx.execute(_set, {**_of(key), "next": next_at, "now": now})


def _of(key: Key) -> dict[str, str]:
    return {"circle": key.circle_id, "which": key.kind, "subject": key.subject_id}


def start(tx: CircleTransaction, kind: str, subject_id: str, now: datetime) -> None:
    """Add what recurs, or keep it if it is there, and have the next tick look at it."""
    key = {"circle_id": tx.circle_id, "kind": kind, "subject_id": subject_id}
    put(tx, tables.recurring, key, {"next_at": now, "set_at": now})


def end(tx: CircleTransaction, key: Key) -> None:
    tx.execute(delete(tables.recurring).where(*_mine), _of(key))


def look_again(tx: CircleTransaction, kind: str | None = None) -> None:
    """A rule may have changed: look at everything that recurs in the circle, or at that kind, at the next
    tick. A row was set in the past, so that instant is due."""
    theirs: list[ColumnElement[bool]] = [_r.circle_id == tx.circle_id]
    if kind is not None:
        theirs.append(_r.kind == kind)
    tx.execute(update(tables.recurring).where(*theirs).values(next_at=_r.set_at))


def add(tx: CircleTransaction, kinds: Iterable[str], now: datetime) -> None:
    """Give the circle a row of each of these kinds that it lacks."""
    row = {"circle_id": tx.circle_id, "subject_id": "", "next_at": now, "set_at": now}
    for kind in kinds:
        insert_new(tx, tables.recurring, {**row, "kind": kind})


def add_everywhere(tx: Transaction, kinds: Iterable[str], now: datetime) -> None:
    """Give each circle a row of each of these kinds that it lacks: a new version may know new kinds."""
    circle = tables.circle.c
    for kind in kinds:
        there = exists().where(_r.circle_id == circle.id, _r.kind == kind, _r.subject_id == "")
        moment = literal(now, _r.next_at.type)
        rows = select(circle.id, literal(kind), literal(""), moment, moment).where(~there)
        names = ["circle_id", "kind", "subject_id", "next_at", "set_at"]
        tx.execute(insert(tables.recurring).from_select(names, rows))
