"""Pulses and what was answered. While one is open its key tells whose answer is whose; nothing else does, and
at closing it is destroyed with the rows that were kept under it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from bot.domain.pulse import Answer, Means, Pulse
from bot.domain.secrecy import new_key, pseudonym
from storage import tables
from storage.rows import one_at_a_time, put
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

_p, _a, _w = tables.pulse.c, tables.pulse_answer.c, tables.pulse_words.c


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
        "key": new_key(),
    }
    tx.execute(insert(tables.pulse).values(row))
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
    return Pulse(row.id, row.opened_at, row.closes_at, row.closed_at, row.answers, means)


def answer(tx: CircleTransaction, pulse_id: str, person_id: str, answer: Answer, now: datetime) -> bool:
    """The person's one answer from now on; False once it takes none."""
    key = _key(tx, pulse_id, now)
    if key is None:
        return False
    marks = {"trust": answer.trust, "pressure": answer.pressure, "energy": answer.energy}
    voter = {"circle_id": tx.circle_id, "pulse_id": pulse_id, "voter": pseudonym(key, person_id)}
    put(tx, tables.pulse_answer, voter, {**marks, "text": answer.words})
    return True


def _key(tx: CircleTransaction, pulse_id: str, now: datetime) -> str | None:
    """Until this transaction ends, the pulse does not close."""
    opened = select(_p.key).where(_p.circle_id == tx.circle_id, _p.id == pulse_id)
    takes = opened.where(_p.closed_at.is_(None), _p.closes_at > now).with_for_update(read=True)
    found: str | None = tx.execute(takes).scalar()
    return found


def answer_of(tx: CircleTransaction, pulse_id: str, person_id: str) -> Answer | None:
    """What this person answered; None for nothing, and for whatever has closed."""
    key = tx.execute(select(_p.key).where(_p.circle_id == tx.circle_id, _p.id == pulse_id)).scalar()
    if not key:
        return None
    mine = (*_of(tx.circle_id, pulse_id), _a.voter == pseudonym(key, person_id))
    row = tx.execute(select(_a.trust, _a.pressure, _a.energy, _a.text).where(*mine)).first()
    return Answer(*row) if row else None


def _of(circle_id: str, pulse_id: str) -> tuple[Any, ...]:
    return (_a.circle_id == circle_id, _a.pulse_id == pulse_id)


def due(tx: Transaction, now: datetime) -> list[tuple[str, str]]:
    """(circle, pulse) whose last day is over."""
    rows = tx.execute(select(_p.circle_id, _p.id).where(_p.closed_at.is_(None), _p.closes_at <= now))
    return [(row.circle_id, row.id) for row in rows]


def close(tx: CircleTransaction, pulse_id: str, now: datetime) -> list[Answer] | None:
    """Destroy the key and the rows, and hand over what they said, for once; None if that was done already."""
    done = tx.execute(
        update(tables.pulse)
        .where(_p.circle_id == tx.circle_id, _p.id == pulse_id, _p.closed_at.is_(None))
        .values(closed_at=now, key="")
    )
    if not done.rowcount:
        return None
    found = select(_a.trust, _a.pressure, _a.energy, _a.text).where(*_of(tx.circle_id, pulse_id))
    answers = [Answer(*row) for row in tx.execute(found)]
    tx.execute(delete(tables.pulse_answer).where(*_of(tx.circle_id, pulse_id)))
    return answers


def keep(
    tx: CircleTransaction, pulse_id: str, answers: int, means: Means | None, words: Sequence[str]
) -> None:
    """What remains of a closed one. `words` come in no order of anybody's."""
    means_kept = {"trust": means.trust, "pressure": means.pressure, "energy": means.energy} if means else {}
    tx.execute(
        update(tables.pulse)
        .where(_p.circle_id == tx.circle_id, _p.id == pulse_id)
        .values(answers=answers, **means_kept)
    )
    rows = [{"circle_id": tx.circle_id, "id": new_id(), "pulse_id": pulse_id, "text": text} for text in words]
    if rows:
        tx.execute(insert(tables.pulse_words), rows)


def words(tx: CircleTransaction, pulse_id: str) -> list[str]:
    """What was said freely, in the order of random ids."""
    said = select(_w.text).where(_w.circle_id == tx.circle_id, _w.pulse_id == pulse_id).order_by(_w.id)
    return list(tx.execute(said).scalars())
