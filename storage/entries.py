"""The circle's public log. It is only ever added to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select

from bot.domain.entry import Entry
from storage import tables
from storage.tables import new_id
from storage.transaction import CircleTransaction

_e = tables.entry.c


def write(
    tx: CircleTransaction, what: str, now: datetime, person_id: str | None = None, /, **values: str
) -> None:
    """`what` is a key of the catalogue, `values` fill its braces; no name of a person belongs there."""
    row = {"circle_id": tx.circle_id, "id": new_id(), "at": now, "what": what, "person_id": person_id}
    tx.execute(insert(tables.entry).values({**row, "values": values}))


def latest(tx: CircleTransaction, limit: int) -> list[Entry]:
    """Newest first."""
    found = select(_e.at, _e.what, _e["values"]).where(_e.circle_id == tx.circle_id)
    rows = tx.execute(found.order_by(_e.at.desc(), _e.id).limit(limit))
    return [Entry(row.at, row.what, row[2]) for row in rows]
