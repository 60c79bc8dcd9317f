"""Message rows: what each address should see, and how far it is from seeing it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Update,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    select,
    union_all,
    update,
)

from bot.domain.message import FOREMOST, PRIORITIES, RANKS, Kind, Message, State, rank_of_change
from storage import tables
from storage.engines.database import note_due
from storage.rows import Each, among, take_stock
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

_m, _w = tables.message.c, tables.workspace.c
_names = [each.name for each in fields(Message)]
_whole = [_m[name] for name in _names]
_state, _fence, _attempt = (_names.index(name) for name in ("state", "fence", "attempt"))
_values = attrgetter(*_names)
_STATES = {state.value: state for state in State}

MANY = 500
"""Rows at a time, from which the database has to hear that the table is another."""

NOTHING_TO_SHOW = "nothing to show"
"""Why a message was dropped whose subject was gone when it was to leave."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a message goes. `person_id` is None for a channel."""

    workspace_id: str
    address: str
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """A workspace in which something is due: `ranks` of messages that may go, first things first; `looks`
    when there is something to look for in the chat."""

    workspace_id: str
    platform: str
    ranks: tuple[int, ...] = ()
    looks: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """A message to be looked for in its chat. `since`: it cannot stand there from earlier; `number`: how
    often the chat was asked, this time included."""

    message: Message
    since: datetime
    number: int


_addresses = select(_m.address).where(
    _m.circle_id == bindparam("circle"), _m.subject_id == bindparam("subject"), _m.kind == bindparam("what")
)


def want(
    tx: CircleTransaction,
    kind: Kind,
    subject_id: str,
    recipients: Iterable[Recipient],
    now: datetime,
    *,
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> int:
    """One row a recipient who has none yet for this subject; tells how many were made. None of them leaves
    before `due_at`."""
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


_resting = (_m.state == State.SHOWN) | (_m.state == State.DEAD)
_settled = _resting | ((_m.state == State.SENDING) & (_m.claimed_version == _m.wanted_version))
"""Whose last change stands there or is on its way: the next one is due when it is asked for."""
_postponed = (_m.shown_version > 0) & (_m.due_at > bindparam("moment"))
_redraw = (
    update(tables.message)
    .where(
        _m.circle_id == bindparam("circle"),
        _m.subject_id == bindparam("subject"),
        (_m.shown_version > 0) | _m.state.in_([State.WAITING, State.SENDING, State.AMBIGUOUS]),
    )
    .values(
        priority=case(
            ((_m.shown_version > 0) & (_m.priority < bindparam("rank")), bindparam("rank")), else_=_m.priority
        ),
        wanted_version=_m.wanted_version + 1,
        state=case((_resting, State.WAITING), else_=_m.state),
        due_at=case((_settled | _postponed, bindparam("moment")), else_=_m.due_at),
        attempt=case((_resting, 0), else_=_m.attempt),
    )
)
_redraw_kind = _redraw.where(_m.kind == bindparam("what"))
_redraw_person = _redraw.where(_m.person_id == bindparam("person"))
_redraw_channels = _redraw.where(_m.person_id.is_(None))


def bump(
    tx: CircleTransaction,
    kind: Kind,
    subject_id: str,
    now: datetime,
    *,
    after: timedelta = timedelta(0),
) -> None:
    """Have every copy drawn again; changes within `after` become one. A copy that has not left yet is drawn
    when it leaves; it is told all the same, for another process may be drawing it at this moment."""
    where = {
        "circle": tx.circle_id,
        "subject": subject_id,
        "moment": now + after,
        "rank": rank_of_change(kind),
    }
    changed = tx.execute(_redraw_kind, {**where, "what": kind.name}).rowcount
    if changed and not after:
        note_due(tx, tx.circle_id)


def bump_for(
    tx: CircleTransaction,
    person_id: str,
    subject_id: str,
    now: datetime,
    *,
    after: timedelta = timedelta(0),
) -> None:
    """As `bump`, for all that one person sees of a subject, before anything else."""
    where = {"circle": tx.circle_id, "subject": subject_id, "moment": now + after, "rank": FOREMOST}
    changed = tx.execute(_redraw_person, {**where, "person": person_id}).rowcount
    if changed and not after:
        note_due(tx, tx.circle_id)


def bump_channels(
    tx: CircleTransaction, kind: Kind, subject_id: str, now: datetime, *, after: timedelta
) -> None:
    """As `bump`, for the copies in channels: however many people have their own, these are few."""
    where = {
        "circle": tx.circle_id,
        "subject": subject_id,
        "moment": now + after,
        "rank": rank_of_change(kind),
    }
    tx.execute(_redraw_channels, where)


_ranks = union_all(*[select(literal_column(str(rank)).label("rank")) for rank in RANKS]).subquery()
_oldest = (
    select(func.min(_m.due_at))
    .where(_m.state == State.WAITING, _m.workspace_id == _w.id, _m.priority == _ranks.c.rank)
    .scalar_subquery()
)
"""Asked for so, and not whether there is one, because PostgreSQL would join that with all that waits."""
_to_send = (
    select(_w.id, _w.platform, _ranks.c.rank)
    .select_from(tables.workspace.join(_ranks, literal_column("1 = 1")))
    .where(_oldest <= bindparam("now"))
)
_sought = (_m.look_at <= bindparam("now")) & (_m.state != State.SENDING)
_to_look = select(_w.id, _w.platform, literal_column("-1").label("rank")).where(
    _w.id.in_(select(_m.workspace_id).where(_sought))
)
_queues = union_all(_to_send, _to_look).order_by(literal_column("rank").desc())
"""With a rank of its own for what is looked for, below them all."""


def queues(tx: Transaction, now: datetime) -> list[Queue]:
    """Where something is due. One probe of the index a workspace and rank, however much waits."""
    found: dict[str, Queue] = {}
    for id, platform, rank in tx.execute(_queues, {"now": now}).all():
        queue = found.get(id, Queue(id, platform))
        more = {"ranks": (*queue.ranks, rank)} if rank in RANKS else {"looks": True}
        found[id] = replace(queue, **more)
    return list(found.values())


_due = (
    select(*_whole)
    .where(
        _m.state == State.WAITING,
        _m.workspace_id == bindparam("workspace"),
        _m.priority == bindparam("rank"),
        _m.due_at <= bindparam("now"),
    )
    .order_by(_m.due_at)
    .limit(bindparam("most"))
)


def due(tx: Transaction, workspace_id: str, rank: int, now: datetime, most: int) -> list[Message]:
    """What may go now of one rank, oldest first: read off the index, however much waits."""
    where = {"workspace": workspace_id, "rank": rank, "now": now, "most": most}
    return [_message(row) for row in tx.execute(_due, where).all()]


_next_due = select(func.min(_m.due_at)).where(_m.state == State.WAITING)


def next_due(tx: Transaction) -> datetime | None:
    """When the next waiting message may go."""
    return tx.execute(_next_due).scalar()


def _message(row: Row[Any]) -> Message:
    """Of `_whole` and perhaps more, by place: thousands a second are read."""
    values = list(row[: len(_names)])
    values[_state] = _STATES[values[_state]]
    return Message(*values)


def _taken(message: Message) -> Message:
    """As `claim` leaves it in the table. Not with dataclasses.replace, which takes twice as long."""
    values = list(_values(message))
    values[_state] = State.SENDING
    values[_fence] += 1
    values[_attempt] += 1
    return Message(*values)


def load(tx: CircleTransaction, message_id: str) -> Message | None:
    row = tx.execute(select(*_whole).where(_m.circle_id == tx.circle_id, _m.id == message_id)).first()
    return _message(row) if row else None


_of_week = (_m.shown_at >= bindparam("since")) & (_m.shown_at < bindparam("until"))
_perhaps = (_m.shown_version == 0) & _m.state.in_([State.SENDING, State.AMBIGUOUS])
_count_shown = (
    select(_m.person_id, func.count().label("times"))
    .where(
        _m.circle_id == bindparam("circle"),
        among(_m.person_id, "people"),
        _m.counts,
        _of_week | _perhaps,
    )
    .group_by(_m.person_id)
)


def count_shown(
    tx: CircleTransaction, person_ids: Collection[str], since: datetime, until: datetime
) -> dict[str, int]:
    """What counts against each member's ceiling in a week: what stands there, and what may."""
    asked = {"circle": tx.circle_id, "people": list(person_ids), "since": since, "until": until}
    return {row.person_id: row.times for row in tx.execute(_count_shown, asked).all()}


_mine = (
    _m.circle_id == bindparam("in_circle"),
    _m.id == bindparam("of_id"),
    _m.fence == bindparam("under_fence"),
)


_key_types = {"in_circle": _m.circle_id.type, "of_id": _m.id.type, "under_fence": _m.fence.type}


def _key(message: Message) -> dict[str, object]:
    return {"in_circle": message.circle_id, "of_id": message.id, "under_fence": message.fence}


@cache
def _changing(names: tuple[str, ...]) -> Update:
    return update(tables.message).where(*_mine).values({_m[name]: bindparam(f"new_{name}") for name in names})


def _change(tx: Transaction, message: Message, **values: object) -> bool:
    """Only while nobody has claimed it since."""
    new = {f"new_{name}": value for name, value in values.items()}
    return tx.execute(_changing(tuple(values)), {**_key(message), **new}).rowcount == 1


def postpone(tx: Transaction, message: Message, until: datetime) -> None:
    _change(tx, message, due_at=until)


def drop(tx: Transaction, message: Message, why: str) -> None:
    _change(tx, message, state=State.DROPPED, lease_until=None, last_error=why)


_drop_as_read = (
    update(tables.message)
    .where(*_mine, _m.wanted_version == bindparam("as_read"))
    .values(state=State.DROPPED, last_error=bindparam("why"))
)


def drop_as_read(tx: Transaction, message: Message, why: str) -> None:
    """Unless another version is wanted since it was read: what it shows may be there again."""
    tx.execute(_drop_as_read, {**_key(message), "as_read": message.wanted_version, "why": why})


def _claiming(each: Callable[[str], ColumnElement[Any]]) -> Update:
    """What somebody is just changing is left out, and not waited for. SQLite is not to begin with all that is
    in the circle, or all that waits: so each has its circle said, and is in no other state."""
    w = tables.message.alias("waiting")
    free = (
        select(w.c.circle_id, w.c.id)
        .where(
            w.c.circle_id == each("in_circle"),
            w.c.id == each("of_id"),
            w.c.fence == each("under_fence"),
            w.c.wanted_version == each("as_read"),
            w.c.state.not_in([state for state in State if state is not State.WAITING]),
        )
        .with_for_update(of=w, skip_locked=True)
        .cte("free")
    )
    return (
        update(tables.message)
        .where(_m.circle_id == free.c.circle_id, _m.id == free.c.id)
        .values(
            state=State.SENDING,
            fence=_m.fence + 1,
            attempt=_m.attempt + 1,
            lease_until=bindparam("until"),
            claimed_version=_m.wanted_version,
            tried_at=func.coalesce(_m.tried_at, bindparam("moment")),
        )
        .returning(_m.id)
    )


_claim = Each(_claiming, **_key_types, as_read=_m.wanted_version.type)


def claim(tx: Transaction, drawn: Sequence[Message], now: datetime, lease_until: datetime) -> list[Message]:
    """Take them for this process; the values returned carry the new fence. Left out is what somebody else
    took, and that of which another version is wanted since it was read, and drawn."""
    rows = [{**_key(message), "as_read": message.wanted_version} for message in drawn]
    mine = {id for (id,) in _claim.run(tx, rows, until=lease_until, moment=now)}
    return [_taken(message) for message in drawn if message.id in mine]


_claimed = select(_m.id).where(*_mine, _m.state == bindparam("state"))


def holds(tx: Transaction, message: Message) -> bool:
    """Is the claim still this one?"""
    return tx.execute(_claimed, {**_key(message), "state": message.state}).first() is not None


def _standing(each: Callable[[str], ColumnElement[Any]]) -> Update:
    newer, moment = _m.wanted_version > each("version"), bindparam("moment", type_=_m.due_at.type)
    return (
        update(tables.message)
        .where(_m.circle_id == each("in_circle"), _m.id == each("of_id"), _m.fence == each("under_fence"))
        .values(
            shown_version=each("version"),
            reference=each("where"),
            shown_at=func.coalesce(_m.shown_at, moment),
            state=case((newer, State.WAITING), else_=State.SHOWN),
            priority=case(
                (_m.shown_version == 0, _m.priority + PRIORITIES), (newer, _m.priority), else_=PRIORITIES
            ),
            due_at=case((newer & (_m.due_at > moment), _m.due_at), else_=moment),
            attempt=0,
            lease_until=None,
            last_error="",
        )
        .returning(_m.id)
    )


_shown = Each(_standing, **_key_types, version=_m.shown_version.type, where=_m.reference.type)


def shown(tx: Transaction, stand: Sequence[tuple[Message, str]], now: datetime) -> list[Message]:
    """The version that was claimed stands there now, under that reference; a newer one wanted meanwhile makes
    it due again. Returns those whose claim was still this one."""
    rows = [
        {**_key(message), "version": message.wanted_version, "where": reference}
        for message, reference in stand
    ]
    ours = {id for (id,) in _shown.run(tx, rows, moment=now)}
    return [message for message, _ in stand if message.id in ours]


def retry(
    tx: Transaction, message: Message, at: datetime, why: str, redraw_at: datetime | None = None
) -> bool:
    """`redraw_at`: when an update that may still be on its way has arrived, or never will."""
    again = {} if redraw_at is None else {"redraw_at": redraw_at}
    return _change(tx, message, state=State.WAITING, due_at=at, lease_until=None, last_error=why, **again)


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
    .values(
        state=State.WAITING,
        due_at=bindparam("now"),
        lease_until=None,
        fence=_m.fence + 1,
        redraw_at=bindparam("later"),
    )
    .returning(*_whole)
)
_doubted = (
    update(tables.message)
    .where(_over, _m.shown_version == 0)
    .values(state=State.AMBIGUOUS, lease_until=None, fence=_m.fence + 1, look_at=bindparam("now"), looks=0)
    .returning(*_whole)
)


def reap(tx: Transaction, now: datetime, redraw_at: datetime) -> list[Message]:
    """End the claims whose lease is over. An update is drawn again, and once more at `redraw_at`, for this
    one may still be on its way; a first send may have arrived, so it is looked for before anything else.
    Returns them all."""
    updates = tx.execute(_again, {"now": now, "later": redraw_at}).all()
    return [_message(row) for row in (*updates, *tx.execute(_doubted, {"now": now}))]


_redrawn = (
    update(tables.message)
    .where(_m.redraw_at <= bindparam("now"))
    .values(
        redraw_at=None,
        wanted_version=_m.wanted_version + 1,
        state=case((_m.state == State.SHOWN, State.WAITING), else_=_m.state),
        due_at=case((_m.state == State.SHOWN, bindparam("now")), else_=_m.due_at),
    )
)


def redraw(tx: Transaction, now: datetime) -> None:
    """Whatever came of an update that was held up, what is wanted now has the last word."""
    tx.execute(_redrawn, {"now": now})


_to_look_for = (
    select(*_whole)
    .where(_sought, _m.workspace_id == bindparam("workspace"))
    .order_by(_m.look_at)
    .limit(bindparam("most"))
)


def to_look_for(tx: Transaction, workspace_id: str, now: datetime, most: int) -> list[Message]:
    where = {"workspace": workspace_id, "now": now, "most": most}
    return [_message(row) for row in tx.execute(_to_look_for, where)]


def look(tx: Transaction, message: Message, again_at: datetime) -> Look | None:
    """Take it to look for it in its chat; whoever does not come back is followed by another at `again_at`."""
    taken = tx.execute(
        update(tables.message)
        .where(
            _m.circle_id == message.circle_id,
            _m.id == message.id,
            _m.fence == message.fence,
            _m.state != State.SENDING,
        )
        .values(fence=_m.fence + 1, looks=_m.looks + 1, look_at=again_at)
        .returning(*_whole, _m.tried_at, _m.looks)
    ).first()
    return Look(_message(taken), taken.tried_at or taken.created_at, taken.looks) if taken else None


def look_at(tx: Transaction, message: Message, at: datetime | None, looks: int | None = None) -> None:
    """When to look for it again, None for never; `looks` sets the number of times it was done."""
    _change(tx, message, look_at=at, **({} if looks is None else {"looks": looks}))


_new = _m.shown_version == 0
_stands = case((~_new, _m.shown_version), else_=1)
"""What arrived may be of any claim there ever was, and not of the last: a request may stay on its way for
longer than a lease."""
_wanted = case((~_new & (_m.reference != bindparam("where")), _m.wanted_version + 1), else_=_m.wanted_version)
_adopt = (
    update(tables.message)
    .where(*_mine)
    .values(
        shown_version=_stands,
        wanted_version=_wanted,
        reference=bindparam("where"),
        shown_at=func.coalesce(_m.shown_at, bindparam("moment")),
        state=case((_wanted > _stands, State.WAITING), else_=State.SHOWN),
        priority=case((_new, _m.priority + PRIORITIES), else_=_m.priority),
        due_at=case((_new, bindparam("moment")), else_=_m.due_at),
        attempt=case((_new, 0), else_=_m.attempt),
        last_error=case((_new, ""), else_=_m.last_error),
    )
)


def adopt(tx: Transaction, message: Message, reference: str, now: datetime) -> bool:
    """It was found standing there. Unless the row knew, nobody knows in which version, so of several it is
    drawn anew, and so is another one than the row knew. False when somebody claimed it since."""
    return tx.execute(_adopt, {**_key(message), "where": reference, "moment": now}).rowcount == 1


def resend(tx: Transaction, message: Message, now: datetime) -> bool:
    """It does not stand there: the same row, under the same id, waits to leave again."""
    return _change(tx, message, state=State.WAITING, due_at=now, last_error="")


def rest_unknown(tx: Transaction, message: Message, why: str) -> bool:
    return _change(tx, message, state=State.UNKNOWN, look_at=None, last_error=why)


def drop_all_for(tx: CircleTransaction, person_id: str, why: str) -> None:
    """Whatever has not left yet for somebody, stays here. What is just leaving loses its claim: if it left
    all the same, it is found when the claim would have ended."""
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


def pick_up(tx: CircleTransaction, subject_id: str, now: datetime) -> None:
    """What was dropped because there was nothing to show, when there is again. What is just being dropped is
    waited for, and what somebody has read and not dropped yet is another version from now on."""
    of_subject = (_m.circle_id == tx.circle_id, _m.subject_id == subject_id)
    tx.execute(
        update(tables.message)
        .where(*of_subject, _m.state == State.WAITING, _m.shown_version == 0)
        .values(wanted_version=_m.wanted_version + 1)
    )
    done = tx.execute(
        update(tables.message)
        .where(*of_subject, _m.state == State.DROPPED, _m.last_error == NOTHING_TO_SHOW)
        .values(state=State.WAITING, due_at=now, fence=_m.fence + 1, last_error="")
    )
    if done.rowcount:
        note_due(tx, tx.circle_id)


def hasten(tx: CircleTransaction, person_id: str, now: datetime) -> None:
    """Somebody's hours or ceiling changed: what waits for them is weighed again at once, or when it was asked
    for."""
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


def put_off(tx: CircleTransaction, kind: Kind, subject_id: str, person_id: str, until: datetime) -> bool:
    """Have what one person was to see leave then, and not before, even if it was given up. False if it has
    left, or is just leaving."""
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


def dead(tx: CircleTransaction, limit: int) -> list[Message]:
    """What could not be delivered, newest first."""
    rows = tx.execute(
        select(*_whole)
        .where(_m.circle_id == tx.circle_id, _m.state.in_([State.DEAD, State.UNKNOWN]))
        .order_by(_m.created_at.desc())
        .limit(limit)
    )
    return [_message(row) for row in rows]


def revive(tx: CircleTransaction, message_id: str, now: datetime) -> bool:
    """Try a dead letter again; False if it is not one. A human decides that for an unknown one too."""
    done = tx.execute(
        update(tables.message)
        .where(
            _m.circle_id == tx.circle_id,
            _m.id == message_id,
            _m.state.in_([State.DEAD, State.UNKNOWN]),
        )
        .values(state=State.WAITING, due_at=now, attempt=0, fence=_m.fence + 1, last_error="")
    )
    if done.rowcount:
        note_due(tx, tx.circle_id)
    return done.rowcount == 1


def count_waiting(tx: CircleTransaction, subject_id: str) -> int:
    """Copies of a post that have not left yet."""
    return tx.execute(
        select(func.count())
        .select_from(tables.message)
        .where(
            _m.circle_id == tx.circle_id,
            _m.subject_id == subject_id,
            _m.counts,
            _m.shown_version == 0,
            _m.state.in_([State.WAITING, State.SENDING, State.AMBIGUOUS]),
        )
    ).scalar_one()
