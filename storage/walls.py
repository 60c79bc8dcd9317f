"""The wall: the channel of each workspace in which a circle speaks to everybody."""

from __future__ import annotations

from sqlalchemy import delete, select

from storage import people, tables
from storage.messages import Recipient
from storage.rows import put
from storage.transaction import CircleTransaction

_w = tables.wall.c


def hang(tx: CircleTransaction, workspace_id: str, address: str) -> None:
    """From now on it is that channel."""
    put(tx, tables.wall, {"circle_id": tx.circle_id, "workspace_id": workspace_id}, {"address": address})


def take_down(tx: CircleTransaction, workspace_id: str) -> None:
    tx.execute(delete(tables.wall).where(_w.circle_id == tx.circle_id, _w.workspace_id == workspace_id))


def walls(tx: CircleTransaction) -> list[Recipient]:
    rows = tx.execute(select(_w.workspace_id, _w.address).where(_w.circle_id == tx.circle_id))
    return [Recipient.channel(row.workspace_id, row.address) for row in rows]


def audience(tx: CircleTransaction) -> list[Recipient]:
    """Where to say something to everybody: the walls; each member of a workspace that has none."""
    hung = walls(tx)
    covered = {wall.workspace_id for wall in hung}
    members = (person for person, _ in people.everyone(tx))
    rest = (Recipient.of(p) for p in members if p.workspace_id not in covered)
    return [*hung, *rest]
