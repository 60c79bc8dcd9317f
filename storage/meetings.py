"""The meetings of a circle."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, update

from bot.domain.meeting import RECURRING, Meeting, Stage
from storage import recurring, tables
from storage.rows import insert_new
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

_m = tables.meeting.c
_pending = [Stage.PLANNED, Stage.ANNOUNCED, Stage.REMINDED]


def _meeting(row: Row[Any]) -> Meeting:
    values = {**row._mapping, "stage": Stage(row.stage)}
    return Meeting(**values)


def plan(tx: CircleTransaction, falls_on: date, starts_at: datetime, place: str) -> None:
    """Unless that date of the rhythm has its meeting."""
    values = {
        "circle_id": tx.circle_id,
        "id": new_id(),
        "falls_on": falls_on,
        "starts_at": starts_at,
        "place": place,
        "stage": Stage.PLANNED,
        "by_hand": False,
        "token": new_id(),
    }
    insert_new(tx, tables.meeting, values)
    recurring.look_again(tx, RECURRING)


def load(tx: CircleTransaction, meeting_id: str) -> Meeting | None:
    row = tx.execute(select(tables.meeting).where(_m.circle_id == tx.circle_id, _m.id == meeting_id)).first()
    return _meeting(row) if row else None


def by_token(tx: Transaction, token: str) -> Meeting | None:
    row = tx.execute(select(tables.meeting).where(_m.token == token)).first()
    return _meeting(row) if row else None


def coming(tx: CircleTransaction, now: datetime) -> Meeting | None:
    """The next one, called off or not. There is never more than one."""
    found = select(tables.meeting).where(_m.circle_id == tx.circle_id, _m.starts_at > now)
    row = tx.execute(found.order_by(_m.starts_at).limit(1)).first()
    return _meeting(row) if row else None


def last(tx: CircleTransaction, now: datetime) -> Meeting | None:
    """The latest that began."""
    held = (_m.starts_at <= now, _m.stage != Stage.CALLED_OFF)
    found = select(tables.meeting).where(_m.circle_id == tx.circle_id, *held)
    row = tx.execute(found.order_by(_m.starts_at.desc()).limit(1)).first()
    return _meeting(row) if row else None


def last_date(tx: CircleTransaction, now: datetime) -> date:
    """The latest date of the rhythm whose meeting has begun, wherever it was moved to."""
    found = select(func.max(_m.falls_on)).where(_m.circle_id == tx.circle_id, _m.starts_at <= now)
    return tx.execute(found).scalar() or date.min


def pending(tx: CircleTransaction) -> list[Meeting]:
    """Those that something is still to be said about."""
    found = select(tables.meeting).where(_m.circle_id == tx.circle_id, _m.stage.in_(_pending))
    return [_meeting(row) for row in tx.execute(found)]


def advance(tx: CircleTransaction, meeting: Meeting, stage: Stage) -> bool:
    """False if somebody moved it or got there first."""
    same = (_m.stage == meeting.stage, _m.changes == meeting.changes)
    return _change(tx, meeting, *same, stage=stage)


def move(tx: CircleTransaction, meeting: Meeting, **values: object) -> bool:
    """`falls_on`, `starts_at`, `place`, `stage`, `by_hand`. False if somebody changed it meanwhile."""
    recurring.look_again(tx, RECURRING)
    return _change(tx, meeting, _m.changes == meeting.changes, changes=meeting.changes + 1, **values)


def note(tx: CircleTransaction, meeting: Meeting, minutes: str) -> bool:
    """False if somebody wrote them meanwhile."""
    return _change(tx, meeting, _m.notes == meeting.notes, minutes=minutes, notes=meeting.notes + 1)


def _change(tx: CircleTransaction, meeting: Meeting, *same: ColumnElement[bool], **values: object) -> bool:
    mine = (_m.circle_id == meeting.circle_id, _m.id == meeting.id)
    return tx.execute(update(tables.meeting).where(*mine, *same).values(**values)).rowcount == 1
