"""What became of messages, told from their rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, select

from bot.domain.message import POST, REPLY, Obstacle, State
from bot.domain.story import Failure, Letter, Story, Subject, Target
from storage import tables
from storage.transaction import CircleTransaction

_m, _a, _c = tables.message.c, tables.account.c, tables.post.c
_p, _h = tables.poll.c, tables.channel.c
_there = _m.shown_version > 0
_on_its_way = _m.state.in_([State.WAITING, State.SENDING]) & ~_there
_failed = _m.state.in_([State.DEAD, State.UNKNOWN]) & (_m.kind != REPLY.name)
"""The answer to one person is listed for nobody."""


def _count(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((which, 1)))


_columns = {
    "waiting": _count(_on_its_way),
    "sent": _count(_there),
    "doubtful": _count(_m.state == State.AMBIGUOUS),
    "dropped": _count((_m.state == State.DROPPED) & ~_there),
    "unknown": _count(_m.state == State.UNKNOWN),
    "dead": _count(_m.state == State.DEAD),
    "first_at": func.min(_m.shown_at),
    "last_at": func.max(_m.shown_at),
    "next_at": func.min(case((_on_its_way, _m.due_at))),
}


def of_posts(tx: CircleTransaction, post_ids: Sequence[str]) -> dict[str, Story]:
    """By post; one that has no cards yet has an empty story."""
    rows = tx.execute(
        select(_m.subject_id, *(column.label(name) for name, column in _columns.items()))
        .where(_m.circle_id == tx.circle_id, _m.subject_id.in_(post_ids), _m.kind == POST.name)
        .group_by(_m.subject_id)
    )
    told = {row.subject_id: Story(**{name: row._mapping[name] for name in _columns}) for row in rows}
    return {post_id: told.get(post_id, Story()) for post_id in post_ids}


_title = func.coalesce(_c.title, _p.question, "")
_account = (_a.circle_id == _m.circle_id) & (_a.address == _m.address)
_failures: Select[Any] = (
    select(
        *(_m.kind, _m.state, _m.obstacle, _m.address, _m.person_id),
        _title.label("title"),
        func.coalesce(_a.name, _h.name, "").label("name"),
    )
    .outerjoin(tables.post, (_c.circle_id == _m.circle_id) & (_c.id == _m.subject_id))
    .outerjoin(tables.poll, (_p.circle_id == _m.circle_id) & (_p.id == _m.subject_id))
    .outerjoin(tables.account, _account)
    .outerjoin(tables.channel, (_h.circle_id == _m.circle_id) & (_h.address == _m.address))
)


def failures(tx: CircleTransaction, since: datetime, limit: int) -> list[Failure]:
    """Return the messages made since then that did not arrive, newest first; none to somebody who cannot be
    written to, for that may be their choice."""
    listed = (_failed, _m.created_at >= since, _a.reachable.is_(None) | _a.reachable)
    rows = tx.execute(
        _failures.where(_m.circle_id == tx.circle_id, *listed)
        .order_by(_m.created_at.desc(), _m.id)
        .limit(limit)
    )
    return [_failure(row) for row in rows]


def _failure(row: Row[Any]) -> Failure:
    """The message of another version has no obstacle."""
    obstacle = Obstacle.LOST if row.state == State.UNKNOWN else Obstacle(row.obstacle or Obstacle.REFUSED)
    target = Target(row.address, row.name, in_channel=row.person_id is None)
    return Failure(Subject(row.kind, row.title), target, obstacle)


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
