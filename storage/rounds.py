"""Consent rounds and the voices in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from bot.domain.round import Change, Outcome, Round, Stance, Voice, change_of, setting_of, value_of
from storage import tables
from storage.rows import one_at_a_time, put
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

_r, _v = tables.round.c, tables.voice.c


def start(
    tx: CircleTransaction,
    author_id: str,
    change: Change,
    why: str,
    now: datetime,
    closes_at: datetime,
) -> str:
    round_id = new_id()
    tx.execute(
        insert(tables.round).values(
            circle_id=tx.circle_id,
            id=round_id,
            author_id=author_id,
            setting=setting_of(change),
            value=value_of(change),
            why=why,
            opened_at=now,
            closes_at=closes_at,
        )
    )
    return round_id


def about(tx: CircleTransaction, setting: str) -> Round | None:
    """The open one on that setting; until this transaction ends, nobody opens another."""
    one_at_a_time(tx, f"round:{tx.circle_id}:{setting}")
    row = tx.execute(_open(tx.circle_id).where(_r.setting == setting)).first()
    return _round(row) if row else None


def open_ones(tx: CircleTransaction) -> list[Round]:
    return [_round(row) for row in tx.execute(_open(tx.circle_id).order_by(_r.closes_at))]


def _open(circle_id: str) -> Any:
    return select(tables.round).where(_r.circle_id == circle_id, _r.closed_at.is_(None))


def load(tx: CircleTransaction, round_id: str) -> Round | None:
    row = tx.execute(select(tables.round).where(_r.circle_id == tx.circle_id, _r.id == round_id)).first()
    return _round(row) if row else None


def _round(row: Row[Any]) -> Round:
    change = change_of(row.setting, row.value)
    return Round(row.id, row.author_id, change, row.why, row.opened_at, row.closes_at, Outcome(row.outcome))


def hold_open(tx: CircleTransaction, round_id: str, now: datetime) -> bool:
    """Whether it takes voices; if so, it does not close before this transaction ends."""
    taking = select(_r.id).where(_r.circle_id == tx.circle_id, _r.id == round_id, _r.closed_at.is_(None))
    return tx.execute(taking.where(_r.closes_at > now).with_for_update(read=True)).first() is not None


def speak(tx: CircleTransaction, round_id: str, voice: Voice, now: datetime) -> None:
    """The person's one voice from now on."""
    key = {"circle_id": tx.circle_id, "round_id": round_id, "person_id": voice.person_id}
    put(tx, tables.voice, key, {"stance": voice.stance, "reason": voice.reason, "at": now})


def drop_objection(tx: CircleTransaction, round_id: str, person_id: str) -> bool:
    """False where that person made none."""
    done = tx.execute(
        delete(tables.voice).where(
            _v.circle_id == tx.circle_id,
            _v.round_id == round_id,
            _v.person_id == person_id,
            _v.stance == Stance.OBJECT,
        )
    )
    return done.rowcount == 1


def voices(tx: CircleTransaction, round_id: str) -> list[Voice]:
    """Of those who are members today, in the order in which they spoke."""
    m = tables.member.c
    rows = tx.execute(
        select(_v.person_id, _v.stance, _v.reason)
        .join(tables.member, (m.circle_id == _v.circle_id) & (m.person_id == _v.person_id))
        .where(_v.circle_id == tx.circle_id, _v.round_id == round_id)
        .order_by(_v.at, _v.person_id)
    )
    return [Voice(row.person_id, Stance(row.stance), row.reason) for row in rows]


def due(tx: Transaction, now: datetime) -> list[tuple[str, str]]:
    """(circle, round) whose last day is over."""
    rows = tx.execute(select(_r.circle_id, _r.id).where(_r.closed_at.is_(None), _r.closes_at <= now))
    return [(row.circle_id, row.id) for row in rows]


def close(tx: CircleTransaction, round_id: str, now: datetime) -> bool:
    """From here on no voice comes in; False if somebody closed it already."""
    done = tx.execute(
        update(tables.round)
        .where(_r.circle_id == tx.circle_id, _r.id == round_id, _r.closed_at.is_(None))
        .values(closed_at=now)
    )
    return done.rowcount == 1


def settle(tx: CircleTransaction, round_id: str, outcome: Outcome) -> None:
    tx.execute(
        update(tables.round).where(_r.circle_id == tx.circle_id, _r.id == round_id).values(outcome=outcome)
    )
