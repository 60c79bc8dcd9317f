"""Answers that could not be shown at once: cards until they are delivered, forms until they expire."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select

from storage import tables
from storage.transaction import CircleTransaction, Transaction

_r = tables.reply.c


@dataclass(frozen=True, slots=True)
class KeptReply:
    """`sealed` is the card or the form, encrypted. Of an answer about a secret poll only the poll's id is
    kept."""

    id: str
    sealed: bytes | None
    poll_id: str | None


def add(
    tx: CircleTransaction, account_id: str, reply: KeptReply, now: datetime, *, expires_at: datetime
) -> None:
    row = {"circle_id": tx.circle_id, "id": reply.id, "account_id": account_id}
    kept = {"sealed": reply.sealed, "poll_id": reply.poll_id, "created_at": now, "expires_at": expires_at}
    tx.execute(insert(tables.reply).values(row | kept))


def load(tx: CircleTransaction, reply_id: str) -> KeptReply | None:
    return _read(tx, _r.id == reply_id)


def load_for(tx: CircleTransaction, reply_id: str, person_id: str) -> KeptReply | None:
    """Return it if it is for that person."""
    return _read(tx, _r.id == reply_id, _is_for(tx, person_id))


def remove_for(tx: CircleTransaction, person_id: str) -> None:
    """Delete those that wait for somebody."""
    tx.execute(delete(tables.reply).where(_r.circle_id == tx.circle_id, _is_for(tx, person_id)))


def _read(tx: CircleTransaction, *which: ColumnElement[bool]) -> KeptReply | None:
    row = tx.execute(select(_r.id, _r.sealed, _r.poll_id).where(_r.circle_id == tx.circle_id, *which)).first()
    return KeptReply(*row) if row else None


def _is_for(tx: CircleTransaction, person_id: str) -> ColumnElement[bool]:
    a = tables.account.c
    return _r.account_id.in_(select(a.id).where(a.circle_id == tx.circle_id, a.person_id == person_id))


def remove(tx: Transaction, reply_ids: Collection[str]) -> None:
    tx.execute(delete(tables.reply).where(_r.id.in_(reply_ids)))


def forget(tx: Transaction, now: datetime) -> int:
    """Delete those that nobody fetched in time. Return how many there were."""
    return tx.execute(delete(tables.reply).where(_r.expires_at <= now)).rowcount
