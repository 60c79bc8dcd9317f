"""Whether the platforms accept us in the workspaces in which circles live."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from bot.domain.circle import Connection, Role, Workspace
from storage import tables
from storage.messages import Recipient
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

_w, _p, _a = tables.workspace.c, tables.person.c, tables.account.c
_columns = (_w.id, _w.circle_id, _w.platform, _w.external_id)


def of_platform(tx: Transaction, platform: str, external_id: str = "") -> list[Workspace]:
    """Return the workspaces of a platform, or the one that it knows by that id."""
    wanted = select(*_columns).where(_w.platform == platform)
    rows = tx.execute(wanted.where(_w.external_id == external_id) if external_id else wanted)
    return [Workspace(*row) for row in rows]


def disconnect(tx: CircleTransaction, workspace_id: str, now: datetime) -> str | None:
    """Note that a workspace does not accept us any more. Return the id of this disconnection; None if that
    was known."""
    id = new_id()
    done = tx.execute(
        update(tables.workspace)
        .where(_w.circle_id == tx.circle_id, _w.id == workspace_id, _w.disconnected_at.is_(None))
        .values(disconnected_at=now, disconnection=id)
    )
    return id if done.rowcount else None


def connect(tx: CircleTransaction, workspace_id: str) -> str | None:
    """Note that a workspace accepts us again. Return the id of the disconnection that is over; None if there
    was none."""
    mine = (_w.circle_id == tx.circle_id, _w.id == workspace_id, _w.disconnected_at.is_not(None))
    ended = tx.execute(select(_w.disconnection).where(*mine)).scalar()
    if ended:
        tx.execute(update(tables.workspace).where(*mine).values(disconnected_at=None))
    return ended


def connection(tx: CircleTransaction, disconnection: str) -> Connection | None:
    """Return how the workspace of that disconnection is connected now; None if it was disconnected again
    since."""
    row = tx.execute(
        select(_w.platform, _w.disconnected_at).where(
            _w.circle_id == tx.circle_id, _w.disconnection == disconnection
        )
    ).first()
    return Connection(*row) if row else None


def disconnected(tx: Transaction) -> list[Connection]:
    """Return the connections that are lost, the oldest loss first."""
    lost = select(_w.platform, _w.disconnected_at).where(_w.disconnected_at.is_not(None))
    return [Connection(*row) for row in tx.execute(lost.order_by(_w.disconnected_at))]


def leads_elsewhere(tx: CircleTransaction) -> list[Recipient]:
    """Return an account of each lead in a workspace that accepts us, for leads who have one."""
    rows = tx.execute(
        select(_a.workspace_id, _a.address, _a.person_id)
        .join(tables.person, (_p.circle_id == _a.circle_id) & (_p.id == _a.person_id))
        .join(tables.workspace, (_w.circle_id == _a.circle_id) & (_w.id == _a.workspace_id))
        .where(_a.circle_id == tx.circle_id, _p.role == Role.LEAD, _w.disconnected_at.is_(None), _a.reachable)
        .order_by(_a.receives, _a.id)
    )
    return list(
        {row.person_id: Recipient(row.workspace_id, row.address, row.person_id) for row in rows}.values()
    )
