"""Pulses. While one is open its answers are sealed ballots (`storage.ballots`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from bot.domain.errors import KeyChanged
from bot.domain.pulse import Answer, Means, Pulse
from storage import ballots, tables
from storage.rows import one_at_a_time
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

_p, _w = tables.pulse.c, tables.pulse_words.c


def start(tx: CircleTransaction, now: datetime, closes_at: datetime) -> str | None:
    """None while one is open."""
    one_at_a_time(tx, f"pulse:{tx.circle_id}")
    if current(tx) is not None:
        return None
    pulse_id = new_id()
    row = {
        "circle_id": tx.circle_id,
        "id": pulse_id,
        "opened_at": now,
        "closes_at": closes_at,
    }
    tx.execute(insert(tables.pulse).values(row))
    ballots.start(tx, pulse_id)
    return pulse_id


def load(tx: CircleTransaction, pulse_id: str) -> Pulse | None:
    row = tx.execute(select(tables.pulse).where(_p.circle_id == tx.circle_id, _p.id == pulse_id)).first()
    return _pulse(row) if row else None


def current(tx: CircleTransaction) -> Pulse | None:
    """The one that has not closed yet."""
    row = tx.execute(select(tables.pulse).where(_p.circle_id == tx.circle_id, _p.closed_at.is_(None))).first()
    return _pulse(row) if row else None


def closed(tx: CircleTransaction, limit: int) -> list[Pulse]:
    """The latest, newest first."""
    rows = tx.execute(
        select(tables.pulse)
        .where(_p.circle_id == tx.circle_id, _p.closed_at.is_not(None))
        .order_by(_p.opened_at.desc())
        .limit(limit)
    )
    return [_pulse(row) for row in rows]


def _pulse(row: Row[Any]) -> Pulse:
    means = None if row.trust is None else Means(row.trust, row.pressure, row.energy)
    return Pulse(row.id, row.opened_at, row.closes_at, row.closed_at, row.answers, means, row.lost)


def answer(tx: CircleTransaction, pulse_id: str, person_id: str, answer: Answer, now: datetime) -> bool:
    """The person's one answer from now on; False once it takes none. Raises KeyChanged."""
    if not _hold(tx, pulse_id, now):
        return False
    box = ballots.box(tx, pulse_id)
    assert box is not None, "an open pulse has its box"
    ballots.cast(tx, box, box.voter(person_id), answer.packed())
    return True


def _hold(tx: CircleTransaction, pulse_id: str, now: datetime) -> bool:
    """Until this transaction ends, the pulse does not close. False once it takes no answers."""
    opened = select(_p.id).where(_p.circle_id == tx.circle_id, _p.id == pulse_id)
    takes = opened.where(_p.closed_at.is_(None), _p.closes_at > now).with_for_update(read=True)
    return tx.execute(takes).first() is not None


def answer_of(tx: CircleTransaction, pulse_id: str, person_id: str) -> Answer | None:
    """What this person answered; None for nothing, and for whatever has closed. Raises KeyChanged."""
    box = ballots.box(tx, pulse_id)
    content = ballots.answer(tx, box, box.voter(person_id)) if box else None
    return Answer.unpacked(content) if content else None


def answered(tx: CircleTransaction, pulse_id: str, person_ids: Collection[str]) -> frozenset[str]:
    """Return who of these people has answered; nobody once it has closed, or when its answers cannot be
    read."""
    try:
        box = ballots.box(tx, pulse_id)
    except KeyChanged:
        box = None
    return ballots.answered(tx, box, person_ids) if box else frozenset()


def due(tx: Transaction, now: datetime) -> list[tuple[str, str]]:
    """(circle, pulse) whose last day is over."""
    rows = tx.execute(select(_p.circle_id, _p.id).where(_p.closed_at.is_(None), _p.closes_at <= now))
    return [(row.circle_id, row.id) for row in rows]


def close(tx: CircleTransaction, pulse_id: str, now: datetime) -> bool:
    """False if that was done already."""
    done = tx.execute(
        update(tables.pulse)
        .where(_p.circle_id == tx.circle_id, _p.id == pulse_id, _p.closed_at.is_(None))
        .values(closed_at=now)
    )
    return done.rowcount == 1


def take(tx: CircleTransaction, pulse_id: str) -> list[Answer] | None:
    """Delete the answers to a pulse that closes, and return them for once; None when they cannot be read."""
    contents = ballots.empty(tx, pulse_id)
    return None if contents is None else [Answer.unpacked(content) for content in contents]


def keep(
    tx: CircleTransaction,
    pulse_id: str,
    answers: int,
    means: Means | None,
    words: Sequence[str],
    *,
    lost: bool,
) -> None:
    """What remains of a closed one. `words` come in no order of anybody's."""
    means_kept = {"trust": means.trust, "pressure": means.pressure, "energy": means.energy} if means else {}
    tx.execute(
        update(tables.pulse)
        .where(_p.circle_id == tx.circle_id, _p.id == pulse_id)
        .values(answers=answers, lost=lost, **means_kept)
    )
    rows = [{"circle_id": tx.circle_id, "id": new_id(), "pulse_id": pulse_id, "text": text} for text in words]
    if rows:
        tx.execute(insert(tables.pulse_words), rows)


def words(tx: CircleTransaction, pulse_id: str) -> list[str]:
    """What was said freely, in the order of random ids."""
    said = select(_w.text).where(_w.circle_id == tx.circle_id, _w.pulse_id == pulse_id).order_by(_w.id)
    return list(tx.execute(said).scalars())
