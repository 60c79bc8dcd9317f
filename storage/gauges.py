"""How much is waiting, all circles together: what an operator watches. Sums only, never whose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from bot.domain.message import State
from bot.domain.post import DraftState
from storage import tables
from storage.transaction import Transaction

_m, _w, _d, _c = tables.message.c, tables.workspace.c, tables.draft.c, tables.post.c

OPEN = tuple(state for state in State if state not in (State.SHOWN, State.DROPPED, State.WAITING))
"""The states in which a message still needs something, be it a human. One that waits does when it is due: how
many wait for somebody's hours is not told."""
DUE = "due_now"


@dataclass(frozen=True, slots=True)
class Gauges:
    """`queue_age` in seconds, 0 when nothing is due; `messages` by (platform, state), of those that wait only
    what is due; `jobs` by name."""

    queue_age: float
    messages: dict[tuple[str, str], int]
    jobs: dict[str, int]


def read(tx: Transaction, now: datetime) -> Gauges:
    return Gauges(_queue_age(tx, now), _messages(tx, now), _jobs(tx, now))


def _queue_age(tx: Transaction, now: datetime) -> float:
    """How long the message has been due that has been so the longest."""
    oldest = tx.execute(select(func.min(_m.due_at)).where(_m.state == State.WAITING, _m.due_at <= now))
    due_at = oldest.scalar()
    return (now - due_at).total_seconds() if due_at else 0.0


def _messages(tx: Transaction, now: datetime) -> dict[tuple[str, str], int]:
    """Every platform that is known shows, with a nought where nothing is open."""
    counts: dict[tuple[str, str], int] = {
        (platform, state): 0
        for platform in tx.execute(select(_w.platform).distinct()).scalars()
        for state in (DUE, *(state.value for state in OPEN))
    }
    due = (_m.state == State.WAITING) & (_m.due_at <= now)
    rows = tx.execute(
        select(_w.platform, _m.state, func.count())
        .join(tables.workspace, (_w.circle_id == _m.circle_id) & (_w.id == _m.workspace_id))
        .where(_m.state.in_(OPEN) | due)
        .group_by(_w.platform, _m.state)
    )
    named = {State.WAITING.value: DUE}
    return counts | {(platform, named.get(state, state)): count for platform, state, count in rows}


def _jobs(tx: Transaction, now: datetime) -> dict[str, int]:
    pages = select(func.count()).select_from(tables.draft).where(_d.state == DraftState.WAITING)
    planned = (
        select(func.count())
        .select_from(tables.post)
        .where(_c.published_at.is_(None), _c.withdrawn_at.is_(None), _c.publish_at <= now)
    )
    return {
        "read_page": tx.execute(pages).scalar_one(),
        "publish": tx.execute(planned).scalar_one(),
    }
