"""What became of messages, told from their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select

from bot.domain.message import POST, State
from bot.domain.story import Failure, Letter
from storage import tables
from storage.transaction import CircleTransaction

_m, _a, _c = tables.message.c, tables.account.c, tables.post.c
_failed = _m.state.in_([State.DEAD, State.UNKNOWN])
_theirs = (_a.circle_id == _m.circle_id) & (_a.address == _m.address)
_reachable = _a.reachable.is_(None) | _a.reachable
"""Of a channel, and of everybody but those who blocked the bot, who are listed nowhere."""


def _of_posts(tx: CircleTransaction, post_ids: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    of = (_m.circle_id == tx.circle_id, _m.subject_id.in_(post_ids), _m.kind == POST.name)
    return (*of, _failed, _reachable)


def count_failures(tx: CircleTransaction, post_ids: Sequence[str]) -> int:
    """Count the cards of these posts that did not arrive."""
    rows = select(func.count()).select_from(tables.message).outerjoin(tables.account, _theirs)
    return tx.execute(rows.where(*_of_posts(tx, post_ids))).scalar_one()


def failures(tx: CircleTransaction, post_ids: Sequence[str], limit: int) -> list[Failure]:
    """The cards of these posts that did not arrive, newest first."""
    rows = tx.execute(
        select(tables.message, _a.name, _c.title)
        .join(tables.post, (_c.circle_id == _m.circle_id) & (_c.id == _m.subject_id))
        .outerjoin(tables.account, _theirs)
        .where(*_of_posts(tx, post_ids))
        .order_by(_m.created_at.desc(), _m.id)
        .limit(limit)
    )
    return [_failure(row) for row in rows]


def _failure(row: Row[Any]) -> Failure:
    name = row.name or row.address.rpartition(":")[2]
    unknown = row.state == State.UNKNOWN
    return Failure(row.id, name, row.title, row.attempt, row.last_error, unknown)


def to(tx: CircleTransaction, person_id: str, limit: int) -> list[Letter]:
    """The latest messages to somebody, newest first."""
    rows = tx.execute(
        select(tables.message, _c.title)
        .outerjoin(tables.post, (_c.circle_id == _m.circle_id) & (_c.id == _m.subject_id))
        .where(_m.circle_id == tx.circle_id, _m.person_id == person_id)
        .order_by(_m.created_at.desc(), _m.id)
        .limit(limit)
    )
    return [_letter(row) for row in rows]


def _letter(row: Row[Any]) -> Letter:
    return Letter(
        kind=row.kind,
        title=row.title or "",
        state=State(row.state),
        created_at=row.created_at,
        due_at=row.due_at,
        shown_at=row.shown_at,
        changes=max(0, row.shown_version - 1),
        attempts=row.attempt,
        reason=row.last_error,
    )
