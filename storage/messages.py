"""Message rows: what each address should see, and how far it is from seeing it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, case, func, insert, select, update

from bot.chat.messenger import Limit
from bot.domain.message import Kind, Message, State
from storage import tables
from storage.database import Transaction
from storage.rows import put
from storage.tables import new_id

_m, _w = tables.message.c, tables.workspace.c

NOTHING_TO_SHOW = "nothing to show"
"""Why a message was dropped whose subject was gone when it was to leave."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a message goes. `person_id` is None for a channel."""

    workspace_id: str
    address: str
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A message whose moment has come, and the platform that carries it."""

    message: Message
    platform: str


def want(
    tx: Transaction,
    circle_id: str,
    kind: Kind,
    subject_id: str,
    recipients: Iterable[Recipient],
    now: datetime,
    *,
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> int:
    """One row a recipient who has none yet for this subject; tells how many were made."""
    have = set(
        tx.execute(
            select(_m.address).where(
                _m.circle_id == circle_id, _m.subject_id == subject_id, _m.kind == kind.name
            )
        ).scalars()
    )
    rows = [
        {
            "circle_id": circle_id,
            "id": new_id(),
            "workspace_id": recipient.workspace_id,
            "person_id": recipient.person_id,
            "address": recipient.address,
            "kind": kind.name,
            "subject_id": subject_id,
            "counts": kind.counts,
            "priority": kind.priority,
            "state": State.WAITING,
            "due_at": due_at or now,
            "expires_at": expires_at,
            "created_at": now,
        }
        for recipient in recipients
        if recipient.address not in have
    ]
    if rows:
        tx.execute(insert(tables.message), rows)
    return len(rows)


_resting = (_m.state == State.SHOWN) | (_m.state == State.DEAD)
_redraw = (
    update(tables.message)
    .where(
        _m.circle_id == bindparam("circle"),
        _m.subject_id == bindparam("subject"),
        (_m.shown_version > 0) | (_m.state == State.SENDING),
    )
    .values(
        wanted_version=_m.wanted_version + 1,
        state=case((_resting, State.WAITING), else_=_m.state),
        due_at=case((_resting | (_m.due_at > bindparam("moment")), bindparam("moment")), else_=_m.due_at),
        attempt=case((_resting, 0), else_=_m.attempt),
    )
)
_redraw_kind = _redraw.where(_m.kind == bindparam("what"))
_redraw_person = _redraw.where(_m.person_id == bindparam("person"))


def bump(
    tx: Transaction,
    circle_id: str,
    kind: Kind,
    subject_id: str,
    now: datetime,
    *,
    after: timedelta = timedelta(0),
) -> None:
    """Have every copy drawn again; changes within `after` become one. A copy that has not left yet needs
    nothing: it is drawn when it leaves."""
    where = {"circle": circle_id, "subject": subject_id, "moment": now + after}
    tx.execute(_redraw_kind, {**where, "what": kind.name})


def bump_for(
    tx: Transaction,
    circle_id: str,
    person_id: str,
    subject_id: str,
    now: datetime,
    *,
    after: timedelta = timedelta(0),
) -> None:
    """As `bump`, for all that one person sees of a subject."""
    where = {"circle": circle_id, "subject": subject_id, "moment": now + after}
    tx.execute(_redraw_person, {**where, "person": person_id})


_turn = func.row_number().over(
    partition_by=_m.workspace_id,
    order_by=(case((_m.shown_version > 0, 0), else_=1), _m.priority.desc(), _m.due_at),
)
_waiting = (
    select(tables.message, _turn.label("turn"))
    .where(_m.state == State.WAITING, _m.due_at <= bindparam("now"))
    .subquery()
)
_due = (
    select(_waiting, _w.platform)
    .join(tables.workspace, (_w.circle_id == _waiting.c.circle_id) & (_w.id == _waiting.c.workspace_id))
    .where(_waiting.c.turn <= bindparam("each"))
    .order_by(_waiting.c.turn)
)


def due(tx: Transaction, now: datetime, each: int) -> list[Due]:
    """What may go now: changes first, then by priority and age; at most `each` a workspace, so that a
    large one never stands in another's way."""
    return [Due(_message(row), row.platform) for row in tx.execute(_due, {"now": now, "each": each})]


def next_due(tx: Transaction) -> datetime | None:
    """When the next waiting message may go."""
    return tx.execute(select(func.min(_m.due_at)).where(_m.state == State.WAITING)).scalar()


def _message(row: Row[Any]) -> Message:
    return Message(
        id=row.id,
        circle_id=row.circle_id,
        workspace_id=row.workspace_id,
        person_id=row.person_id,
        address=row.address,
        kind=row.kind,
        subject_id=row.subject_id,
        wanted_version=row.wanted_version,
        shown_version=row.shown_version,
        reference=row.reference,
        state=State(row.state),
        attempt=row.attempt,
        fence=row.fence,
        due_at=row.due_at,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_error=row.last_error,
    )


def load(tx: Transaction, circle_id: str, message_id: str) -> Message | None:
    row = tx.execute(select(tables.message).where(_m.circle_id == circle_id, _m.id == message_id)).first()
    return _message(row) if row else None


def count_shown(tx: Transaction, circle_id: str, person_id: str, since: datetime, until: datetime) -> int:
    """What counts against a member's ceiling in a week."""
    return tx.execute(
        select(func.count())
        .select_from(tables.message)
        .where(
            _m.circle_id == circle_id,
            _m.person_id == person_id,
            _m.counts,
            ((_m.shown_at >= since) & (_m.shown_at < until)) | (_m.state == State.SENDING),
        )
    ).scalar_one()


def _change(tx: Transaction, message: Message, **values: object) -> bool:
    """Only while nobody has claimed it since."""
    done = tx.execute(
        update(tables.message)
        .where(_m.circle_id == message.circle_id, _m.id == message.id, _m.fence == message.fence)
        .values(**values)
    )
    return done.rowcount == 1


def postpone(tx: Transaction, message: Message, until: datetime) -> None:
    _change(tx, message, due_at=until)


def drop(tx: Transaction, message: Message, why: str) -> None:
    _change(tx, message, state=State.DROPPED, last_error=why)


def claim(tx: Transaction, message: Message, lease_until: datetime) -> Message | None:
    """Take it for this process; the value returned carries the new fence. None if somebody else did."""
    taken = tx.execute(
        update(tables.message)
        .where(
            _m.circle_id == message.circle_id,
            _m.id == message.id,
            _m.fence == message.fence,
            _m.state == State.WAITING,
        )
        .values(
            state=State.SENDING,
            fence=_m.fence + 1,
            attempt=_m.attempt + 1,
            lease_until=lease_until,
        )
        .returning(tables.message)
    ).first()
    return _message(taken) if taken else None


def shown(tx: Transaction, message: Message, reference: str, now: datetime) -> bool:
    """The version that was claimed stands there now; a newer one wanted meanwhile makes it due again."""
    return _change(
        tx,
        message,
        shown_version=message.wanted_version,
        reference=reference,
        shown_at=func.coalesce(_m.shown_at, now),
        state=case((_m.wanted_version > message.wanted_version, State.WAITING), else_=State.SHOWN),
        due_at=now,
        attempt=0,
        lease_until=None,
        last_error="",
    )


def retry(tx: Transaction, message: Message, at: datetime, why: str) -> bool:
    return _change(tx, message, state=State.WAITING, due_at=at, lease_until=None, last_error=why)


def wait_longer(tx: Transaction, message: Message, at: datetime, why: str) -> bool:
    """Asked to wait: that was no attempt."""
    return _change(
        tx,
        message,
        state=State.WAITING,
        due_at=at,
        attempt=message.attempt - 1,
        lease_until=None,
        last_error=why,
    )


def bury(tx: Transaction, message: Message, why: str) -> bool:
    return _change(tx, message, state=State.DEAD, lease_until=None, last_error=why)


def linger(tx: Transaction, message: Message, why: str) -> bool:
    """The answer was lost: the claim stays, so that nothing sends it again before its lease is over."""
    return _change(tx, message, last_error=why)


_over = (_m.state == State.SENDING) & (_m.lease_until < bindparam("now"))
_again = (
    update(tables.message)
    .where(_over, _m.shown_version > 0)
    .values(state=State.WAITING, due_at=bindparam("now"), lease_until=None, fence=_m.fence + 1)
)
_unknown = (
    update(tables.message)
    .where(_over, _m.shown_version == 0)
    .values(state=State.UNKNOWN, lease_until=None, fence=_m.fence + 1)
    .returning(tables.message)
)


def reap(tx: Transaction, now: datetime) -> list[Message]:
    """End the claims whose lease is over. An update is drawn again; a first send may have arrived, so it
    rests as unknown and is never sent blindly again. Returns those that became unknown."""
    tx.execute(_again, {"now": now})
    return [_message(row) for row in tx.execute(_unknown, {"now": now})]


def drop_all_for(tx: Transaction, circle_id: str, person_id: str, why: str) -> None:
    """Whatever has not left yet for somebody, stays here."""
    tx.execute(
        update(tables.message)
        .where(
            _m.circle_id == circle_id,
            _m.person_id == person_id,
            _m.state == State.WAITING,
            _m.shown_version == 0,
        )
        .values(state=State.DROPPED, last_error=why, fence=_m.fence + 1)
    )


def pick_up(tx: Transaction, circle_id: str, subject_id: str, now: datetime) -> None:
    """What was dropped because there was nothing to show, when there is again."""
    tx.execute(
        update(tables.message)
        .where(
            _m.circle_id == circle_id,
            _m.subject_id == subject_id,
            _m.state == State.DROPPED,
            _m.last_error == NOTHING_TO_SHOW,
        )
        .values(state=State.WAITING, due_at=now, fence=_m.fence + 1, last_error="")
    )


def hasten(tx: Transaction, circle_id: str, person_id: str, now: datetime) -> None:
    """Somebody's hours or ceiling changed: what waits for them is weighed again at once."""
    tx.execute(
        update(tables.message)
        .where(
            _m.circle_id == circle_id,
            _m.person_id == person_id,
            _m.state == State.WAITING,
            _m.shown_version == 0,
            _m.due_at > now,
        )
        .values(due_at=now)
    )


def dead(tx: Transaction, circle_id: str, limit: int) -> list[Message]:
    """What could not be delivered, newest first."""
    rows = tx.execute(
        select(tables.message)
        .where(_m.circle_id == circle_id, _m.state.in_([State.DEAD, State.UNKNOWN]))
        .order_by(_m.created_at.desc())
        .limit(limit)
    )
    return [_message(row) for row in rows]


def revive(tx: Transaction, circle_id: str, message_id: str, now: datetime) -> bool:
    """Try a dead letter again; False if it is not one. A human decides that for an unknown one too."""
    done = tx.execute(
        update(tables.message)
        .where(
            _m.circle_id == circle_id,
            _m.id == message_id,
            _m.state.in_([State.DEAD, State.UNKNOWN]),
        )
        .values(state=State.WAITING, due_at=now, attempt=0, fence=_m.fence + 1, last_error="")
    )
    return done.rowcount == 1


def token(tx: Transaction, key: str, limit: Limit, now: datetime) -> datetime | None:
    """Take one turn of a shared pace (GCRA): None if granted, else when to come back."""
    b = tables.bucket.c
    interval = timedelta(seconds=1 / limit.rate)
    slack = interval * (limit.burst - 1)
    rows = tx.execute(select(b.key, b.free_at).where(b.key.in_([key, _held(key)])))
    free: dict[str, datetime] = {row.key: row.free_at for row in rows}
    if (until := free.get(_held(key), now)) > now:
        return until
    start = max(free.get(key, now), now)
    if start - now > slack:
        return start - slack
    put(tx, tables.bucket, {"key": key}, {"free_at": start + interval})
    return None


def hold(tx: Transaction, key: str, until: datetime) -> None:
    """Nobody takes a turn of that pace before `until`, whatever its burst. A shorter hold changes nothing."""
    b = tables.bucket.c
    before = tx.execute(select(b.free_at).where(b.key == _held(key))).scalar()
    put(tx, tables.bucket, {"key": _held(key)}, {"free_at": max(until, before or until)})


def _held(key: str) -> str:
    return f"{key}:held"


def forget_buckets(tx: Transaction, before: datetime) -> None:
    tx.execute(tables.bucket.delete().where(tables.bucket.c.free_at < before))


def count_waiting(tx: Transaction, circle_id: str, subject_id: str) -> int:
    """Copies of a content that have not left yet."""
    return tx.execute(
        select(func.count())
        .select_from(tables.message)
        .where(
            _m.circle_id == circle_id,
            _m.subject_id == subject_id,
            _m.counts,
            _m.shown_version == 0,
            _m.state.in_([State.WAITING, State.SENDING]),
        )
    ).scalar_one()
