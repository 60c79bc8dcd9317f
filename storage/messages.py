"""Messages as features use them: request, redraw, recall, restore, reschedule, retry.

A row says which version of a subject an address should see, and which version the chat shows there. The pump
makes the two equal, through `storage.deliveries`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Update,
    bindparam,
    case,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from bot.domain.circle import Person
from bot.domain.message import FOREMOST, REPLY, Kind, Message, Obstacle, State, rank_of_change
from storage import tables
from storage.engines.database import note_due
from storage.rows import take_stock
from storage.tables import new_id
from storage.transaction import CircleTransaction

_m, _a = tables.message.c, tables.account.c
NAMES = tuple(field.name for field in fields(Message))
COLUMNS = tuple(_m[name] for name in NAMES)
"""What `from_row` reads a message from."""
values_of = attrgetter(*NAMES)
_state = NAMES.index("state")
_STATES = {state.value: state for state in State}

MANY = 500
"""As many rows in one request make PostgreSQL count the table again."""

NOTHING_TO_SHOW = "nothing to show"
"""Why a message was dropped whose subject was gone when it was to leave. `restore` looks for this reason."""

EXPIRED = "expired before it could go"
"""Why a message was dropped that was not useful any more when it could leave. `restore` looks for this reason
too."""

AT_ONCE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a message goes. `person_id` is None for a channel."""

    workspace_id: str
    address: str
    person_id: str | None = None

    @classmethod
    def of(cls, person: Person) -> Recipient:
        return cls(person.workspace_id, person.address, person.id)

    @classmethod
    def channel(cls, workspace_id: str, address: str) -> Recipient:
        return cls(workspace_id, address)


def from_row(row: Row[Any]) -> Message:
    """Make a message from a row that begins with `COLUMNS`. By position, because thousands a second are
    read."""
    values = list(row[: len(NAMES)])
    values[_state] = _STATES[values[_state]]
    return Message(*values)


def load(tx: CircleTransaction, message_id: str) -> Message | None:
    row = tx.execute(select(*COLUMNS).where(_m.circle_id == tx.circle_id, _m.id == message_id)).first()
    return from_row(row) if row else None


_addresses = select(_m.address).where(
    _m.circle_id == bindparam("circle"), _m.subject_id == bindparam("subject"), _m.kind == bindparam("what")
)


def request(
    tx: CircleTransaction,
    kind: Kind,
    subject_id: str,
    recipients: Iterable[Recipient],
    now: datetime,
    *,
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> int:
    """Add a message for each recipient who has none of this kind for this subject. Return how many were
    added. None of them leaves before `due_at`."""
    what = {"circle": tx.circle_id, "subject": subject_id, "what": kind.name}
    have = set(tx.execute(_addresses, what).scalars())
    rows = [
        {
            "circle_id": tx.circle_id,
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
            "not_before": due_at,
            "expires_at": expires_at,
            "created_at": now,
        }
        for recipient in recipients
        if recipient.address not in have
    ]
    if rows:
        tx.execute(insert(tables.message), rows)
    if len(rows) >= MANY:
        take_stock(tx, tables.message)
    if rows and (due_at is None or due_at <= now):
        note_due(tx, tx.circle_id)
    return len(rows)


_zero: Any = literal_column("0")
"""Constants stand in the statement of a press as SQL: SQLAlchemy handles each bound value at each execution,
and the list of an IN longest (measured: half of the time of a redraw)."""


def _is(*states: State) -> ColumnElement[bool]:
    return or_(*(_m.state == _sql(state) for state in states))


def _sql(state: State) -> ColumnElement[Any]:
    return literal_column(f"'{state.value}'")


_resting = _is(State.SHOWN, State.DEAD)
_settled = _resting | (_is(State.SENDING) & (_m.claimed_version == _m.wanted_version))
"""The last change was delivered or is being delivered: the next one is due at the moment it asks for."""
_shown = _m.shown_version > _zero
_in_channel = _m.person_id.is_(None)


def _redraw_at(moment: ColumnElement[Any]) -> Update:
    """Return the statement that has the messages of a subject drawn again at a moment."""
    postponed = _shown & (_m.due_at > moment)
    return (
        update(tables.message)
        .where(
            _m.circle_id == bindparam("circle"),
            _m.subject_id == bindparam("subject"),
            _shown | _is(State.WAITING, State.SENDING, State.AMBIGUOUS),
        )
        .values(
            priority=case((_shown & (_m.priority < bindparam("rank")), bindparam("rank")), else_=_m.priority),
            wanted_version=_m.wanted_version + literal_column("1"),
            state=case((_resting, _sql(State.WAITING)), else_=_m.state),
            due_at=case((_settled | postponed, moment), else_=_m.due_at),
            attempt=case((_resting, _zero), else_=_m.attempt),
        )
    )


_moment, _later = (bindparam(name, type_=_m.due_at.type) for name in ("moment", "later"))
_redraw = _redraw_at(_moment)
_redraw_kind = _redraw.where(_m.kind == bindparam("what"))
_redraw_person = _redraw.where(_m.person_id == bindparam("person"))
_redraw_channels = _redraw.where(_in_channel)
_redraw_channels_and_kind = _redraw_at(case((_in_channel, _moment), else_=_later)).where(
    _in_channel | (_m.kind == bindparam("what"))
)


def redraw(
    tx: CircleTransaction, kind: Kind, subject_id: str, now: datetime, *, after: timedelta = AT_ONCE
) -> None:
    """Have every message of this kind for this subject drawn again. Changes within `after` become one. A
    message that has not left gets another version too, because another process may be drawing it at this
    moment."""
    _change(tx, _redraw_kind, subject_id, now, after, rank=rank_of_change(kind), what=kind.name)


def redraw_for(
    tx: CircleTransaction, person_id: str, subject_id: str, now: datetime, *, after: timedelta = AT_ONCE
) -> None:
    """Have everything that one person sees of a subject drawn again, before anything else."""
    _change(tx, _redraw_person, subject_id, now, after, rank=FOREMOST, person=person_id)


def redraw_in_channels(
    tx: CircleTransaction,
    kind: Kind,
    subject_id: str,
    now: datetime,
    *,
    after: timedelta = AT_ONCE,
    followed_by: Kind | None = None,
    later: timedelta = AT_ONCE,
) -> None:
    """Have the few messages of a subject in channels drawn again, with the rank of this kind, and not those
    of the many people who have their own. The same statement has the messages of the kind `followed_by` drawn
    again, which may take longer (`later`)."""
    rank = rank_of_change(kind)
    if followed_by is None:
        _change(tx, _redraw_channels, subject_id, now, after, rank=rank)
        return
    other = {"what": followed_by.name, "later": now + later}
    _change(tx, _redraw_channels_and_kind, subject_id, now, after, rank=rank, **other)


def _change(
    tx: CircleTransaction, change: Update, subject_id: str, now: datetime, after: timedelta, **where: object
) -> None:
    of_subject = {"circle": tx.circle_id, "subject": subject_id, "moment": now + after}
    changed = tx.execute(change, {**of_subject, **where}).rowcount
    if changed and not after:
        note_due(tx, tx.circle_id)


def recall_for(tx: CircleTransaction, person_id: str, why: str) -> None:
    """Drop what has not left for somebody. A message that may be leaving at this moment loses its claim. The
    pump looks for it in the chat when the lease is over."""
    theirs = (_m.circle_id == tx.circle_id) & (_m.person_id == person_id) & (_m.shown_version == 0)
    tx.execute(
        update(tables.message)
        .where(theirs, _m.state == State.WAITING)
        .values(state=State.DROPPED, last_error=why, fence=_m.fence + 1)
    )
    tx.execute(
        update(tables.message)
        .where(theirs, _m.state == State.SENDING)
        .values(state=State.AMBIGUOUS, look_at=_m.lease_until, looks=0, lease_until=None, fence=_m.fence + 1)
    )


def restore(tx: CircleTransaction, subject_id: str, now: datetime) -> None:
    """Let the messages leave that were dropped because this subject had nothing to show, or because it was
    over. A message that another process has read and not yet dropped gets another version, so that it is not
    dropped."""
    of_subject = (_m.circle_id == tx.circle_id, _m.subject_id == subject_id)
    tx.execute(
        update(tables.message)
        .where(*of_subject, _m.state == State.WAITING, _m.shown_version == 0)
        .values(wanted_version=_m.wanted_version + 1)
    )
    done = tx.execute(
        update(tables.message)
        .where(*of_subject, _m.state == State.DROPPED, _m.last_error.in_([NOTHING_TO_SHOW, EXPIRED]))
        .values(state=State.WAITING, due_at=now, fence=_m.fence + 1, last_error="")
    )
    if done.rowcount:
        note_due(tx, tx.circle_id)


def set_expiry(tx: CircleTransaction, subject_id: str, expires_at: datetime) -> None:
    """Let the messages of a subject that have not left, and that expire, expire at another moment."""
    tx.execute(
        update(tables.message)
        .where(
            _m.circle_id == tx.circle_id,
            _m.subject_id == subject_id,
            _m.shown_version == 0,
            _m.expires_at.is_not(None),
        )
        .values(expires_at=expires_at)
    )


def reschedule_for(tx: CircleTransaction, person_id: str, now: datetime) -> None:
    """Decide again when what waits for a person may leave, because their hours or their ceiling changed.
    Nothing leaves before the moment it was requested for."""
    done = tx.execute(
        update(tables.message)
        .where(
            _m.circle_id == tx.circle_id,
            _m.person_id == person_id,
            _m.state == State.WAITING,
            _m.shown_version == 0,
            _m.due_at > now,
        )
        .values(due_at=case((_m.not_before > now, _m.not_before), else_=now))
    )
    if done.rowcount:
        note_due(tx, tx.circle_id)


def reschedule_workspace(tx: CircleTransaction, workspace_id: str, now: datetime) -> None:
    """Decide again when what waits in a workspace may leave, because the platform accepts us there again, and
    look now for what may have arrived there. Nothing leaves before the moment it was requested for."""
    there = (_m.circle_id == tx.circle_id, _m.workspace_id == workspace_id)
    tx.execute(
        update(tables.message)
        .where(*there, _m.state == State.WAITING, _m.due_at > now)
        .values(due_at=case((_m.not_before > now, _m.not_before), else_=now))
    )
    tx.execute(update(tables.message).where(*there, _m.state == State.AMBIGUOUS).values(look_at=now))
    note_due(tx, tx.circle_id)


def reschedule(tx: CircleTransaction, kind: Kind, subject_id: str, person_id: str, until: datetime) -> bool:
    """Have one person's message leave at `until` and not before, even if it was dropped or given up. False if
    it has left, or may be leaving at this moment."""
    done = tx.execute(
        update(tables.message)
        .where(
            _m.circle_id == tx.circle_id,
            _m.kind == kind.name,
            _m.subject_id == subject_id,
            _m.person_id == person_id,
            _m.shown_version == 0,
            _m.state.in_([State.WAITING, State.DROPPED, State.DEAD]),
        )
        .values(
            state=State.WAITING,
            due_at=until,
            not_before=until,
            attempt=0,
            fence=_m.fence + 1,
            last_error="",
        )
    )
    return done.rowcount == 1


def retry_undelivered(tx: CircleTransaction, message_id: str, now: datetime) -> bool:
    """Try again a message that is dead or unknown, because somebody decided so. False if it is neither."""
    return _retry(tx, now, _m.id == message_id, _m.state.in_([State.DEAD, State.UNKNOWN])) == 1


def retry_all(tx: CircleTransaction, state: State, now: datetime) -> int:
    """Try again every message that is DEAD, or every one that is UNKNOWN, because somebody decided so; none
    to somebody who cannot be written to, for nobody is told of those. Return how many there were."""
    if state not in (State.DEAD, State.UNKNOWN):
        raise ValueError(f"nobody tries a message again that is {state}")
    theirs = (_a.circle_id == _m.circle_id) & (_a.address == _m.address)
    blocked = select(_a.id).where(theirs, _a.reachable.is_(False)).exists()
    return _retry(tx, now, _m.state == state, ~blocked)


def _retry(tx: CircleTransaction, now: datetime, *which: ColumnElement[bool]) -> int:
    done = tx.execute(
        update(tables.message)
        .where(_m.circle_id == tx.circle_id, _m.kind != REPLY.name, *which)
        .values(state=State.WAITING, due_at=now, attempt=0, fence=_m.fence + 1, last_error="")
    )
    if done.rowcount:
        note_due(tx, tx.circle_id)
    return done.rowcount


def retry_in_channel(tx: CircleTransaction, address: str, now: datetime) -> int:
    """Try again what a channel did not take because the bot was not in it. Return how many there were."""
    not_there = (_m.state == State.DEAD, tables.message.c.obstacle == Obstacle.NOT_THERE)
    return _retry(tx, now, _m.address == address, _m.person_id.is_(None), *not_there)


def is_waiting(tx: CircleTransaction, kind: Kind, address: str) -> bool:
    """Whether a message of this kind is on its way to that address."""
    on_its_way = (_m.shown_version == 0, _m.state.in_([State.WAITING, State.SENDING, State.AMBIGUOUS]))
    there = (_m.circle_id == tx.circle_id, _m.address == address, _m.kind == kind.name)
    return tx.execute(select(_m.id).where(*there, *on_its_way).limit(1)).first() is not None
