"""Answers that could not be shown at once, until they are delivered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from storage import tables
from storage.transaction import CircleTransaction, Transaction

_r = tables.reply.c


@dataclass(frozen=True, slots=True)
class KeptReply:
    """`sealed` is the card, encrypted. Of an answer about a secret poll only the poll's id is kept."""

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
    row = tx.execute(
        select(_r.id, _r.sealed, _r.poll_id).where(_r.circle_id == tx.circle_id, _r.id == reply_id)
    ).first()
    return KeptReply(*row) if row else None


def remove_for(tx: CircleTransaction, person_id: str) -> None:
    """Delete those that wait for somebody."""
    a = tables.account.c
    theirs = select(a.id).where(a.circle_id == tx.circle_id, a.person_id == person_id)
    tx.execute(delete(tables.reply).where(_r.circle_id == tx.circle_id, _r.account_id.in_(theirs)))


def remove(tx: Transaction, reply_ids: Collection[str]) -> None:
    tx.execute(delete(tables.reply).where(_r.id.in_(reply_ids)))


def forget(tx: Transaction, now: datetime) -> int:
    """Delete those that nobody fetched in time. Return how many there were."""
    return tx.execute(delete(tables.reply).where(_r.expires_at <= now)).rowcount
