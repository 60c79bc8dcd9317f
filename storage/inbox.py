"""What was heard already. The key stands in the same transaction as the effects, so an event that is sent
again has them once."""

from __future__ import annotations

from datetime import datetime

from storage import tables
from storage.rows import insert_new
from storage.transaction import Transaction


def first_time(tx: Transaction, key: str, now: datetime) -> bool:
    """False if this event was heard before."""
    return insert_new(tx, tables.inbox, {"key": key[:200], "at": now})


def forget(tx: Transaction, before: datetime) -> None:
    tx.execute(tables.inbox.delete().where(tables.inbox.c.at < before))
