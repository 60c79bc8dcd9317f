"""Deliveries as the pump uses them: find what is due, claim it, settle the outcome, reconcile with the chat.

A claim has a lease and a fence. Every outcome is written under the fence of its claim, so a process that lost
the claim changes nothing. The permitted changes of state stand in `bot.domain.message.TRANSITIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Update, bindparam, case, func, literal_column, select, union_all, update

from bot.domain.message import PRIORITIES, RANKS, Message, Obstacle, State
from storage import tables
from storage.messages import COLUMNS, NAMES, from_row, values_of
from storage.rows import Each, among
from storage.transaction import CircleTransaction, Transaction

_m, _w = tables.message.c, tables.workspace.c
_state, _fence, _attempt = (NAMES.index(name) for name in ("state", "fence", "attempt"))


@dataclass(frozen=True, slots=True)
class DueWorkspace:
    """A workspace in which something is due. `ranks`: the ranks of the messages that may leave, highest
    first. `looks`: there is a message to look for in the chat."""

    id: str
    platform: str
    ranks: tuple[int, ...] = ()
    looks: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """A message to be looked for in its chat. `since`: it was not sent earlier. `number`: how often the chat
    was asked, this time included."""

    message: Message
    since: datetime
    number: int


# What is due

KNOWN = 500
"""As many of the oldest messages that are due tell where something is due. If there are more, each workspace
is asked."""
_waiting: ColumnElement[bool] = literal_column(tables.WAITING)
_oldest = (
    select(_m.circle_id, _m.workspace_id, _m.priority)
    .where(_waiting, _m.due_at <= bindparam("now"))
    .order_by(_m.due_at)
    .limit(KNOWN)
    .subquery("oldest")
)
_where_oldest = (
    select(_w.id, _w.platform, _oldest.c.priority.label("rank"), func.count().label("messages"))
    .select_from(
        tables.workspace.join(
            _oldest, (_w.circle_id == _oldest.c.circle_id) & (_w.id == _oldest.c.workspace_id)
        )
    )
    .group_by(_w.id, _w.platform, _oldest.c.priority)
)
_ranks = union_all(*[select(literal_column(str(rank)).label("rank")) for rank in RANKS]).subquery("ranks")
_first_of_rank = (
    select(func.min(_m.due_at))
    .where(_m.state == State.WAITING, _m.workspace_id == _w.id, _m.priority == _ranks.c.rank)
    .scalar_subquery()
)
"""A minimum and not an EXISTS, which PostgreSQL would join with everything that waits."""
_where_any = (
    select(_w.id, _w.platform, _ranks.c.rank, literal_column("1").label("messages"))
    .select_from(tables.workspace.join(_ranks, literal_column("1 = 1")))
    .where(_first_of_rank <= bindparam("now"))
)
_sought = (_m.look_at <= bindparam("now")) & (_m.state != State.SENDING)
_looks = select(_m.circle_id, _m.workspace_id).where(_sought).distinct().subquery("looks")
_where_looks = select(
    _w.id, _w.platform, literal_column("-1").label("rank"), literal_column("0").label("messages")
).select_from(
    tables.workspace.join(_looks, (_w.circle_id == _looks.c.circle_id) & (_w.id == _looks.c.workspace_id))
)
"""Looks have a rank below all others here."""
_by_rank: ColumnElement[Any] = literal_column("rank").desc()
_due_by_oldest = union_all(_where_oldest, _where_looks).order_by(_by_rank)
_due_by_workspace = union_all(_where_any, _where_looks).order_by(_by_rank)


def due_workspaces(tx: Transaction, now: datetime) -> list[DueWorkspace]:
    """Return the workspaces in which something is due, the highest rank first. The cost grows with what is
    due, and not with the number of workspaces, until KNOWN messages are due. Then it is one probe of an index
    for each workspace and rank."""
    rows = tx.execute(_due_by_oldest, {"now": now}).all()
    if sum(row.messages for row in rows) >= KNOWN:
        rows = tx.execute(_due_by_workspace, {"now": now}).all()
    found: dict[str, DueWorkspace] = {}
    for id, platform, rank, _ in rows:
        workspace = found.get(id, DueWorkspace(id, platform))
        more = {"ranks": (*workspace.ranks, rank)} if rank in RANKS else {"looks": True}
        found[id] = replace(workspace, **more)
    return list(found.values())


_due = (
    select(*COLUMNS)
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
    """Return the messages of one rank that may leave now, oldest first, by the index alone."""
    where = {"workspace": workspace_id, "rank": rank, "now": now, "most": most}
    return [from_row(row) for row in tx.execute(_due, where).all()]


_next_due = select(func.min(_m.due_at)).where(_waiting)


def next_due(tx: Transaction) -> datetime | None:
    """Return when the next waiting message may leave."""
    return tx.execute(_next_due).scalar()


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
    """Count what takes from each member's ceiling in a week: what was shown, and what may be."""
    asked = {"circle": tx.circle_id, "people": list(person_ids), "since": since, "until": until}
    return {row.person_id: row.times for row in tx.execute(_count_shown, asked).all()}


def rest(tx: Transaction, workspace_id: str, now: datetime, until: datetime) -> None:
    """Have nothing of a workspace leave, and nothing be looked for there, before `until`."""
    there = _m.workspace_id == workspace_id
    due = (there, _m.state == State.WAITING, _m.due_at <= now)
    tx.execute(update(tables.message).where(*due).values(due_at=until))
    sought = (there, _m.state != State.SENDING, _m.look_at <= now)
    tx.execute(update(tables.message).where(*sought).values(look_at=until))


# Changes under a fence

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
    """Change the message if nobody has claimed it since it was read."""
    new = {f"new_{name}": value for name, value in values.items()}
    return tx.execute(_changing(tuple(values)), {**_key(message), **new}).rowcount == 1


def postpone(tx: Transaction, message: Message, until: datetime) -> None:
    _change(tx, message, due_at=until)


def drop(tx: Transaction, message: Message, why: str) -> None:
    _change(tx, message, state=State.DROPPED, lease_until=None, last_error=why)


_drop_if_unchanged = (
    update(tables.message)
    .where(*_mine, _m.wanted_version == bindparam("as_read"))
    .values(state=State.DROPPED, last_error=bindparam("why"))
)


def drop_if_unchanged(tx: Transaction, message: Message, why: str) -> None:
    """Drop the message unless another version is wanted since it was read: there may be something to show
    again."""
    tx.execute(_drop_if_unchanged, {**_key(message), "as_read": message.wanted_version, "why": why})


# Claims


def _claiming(each: Callable[[str], ColumnElement[Any]]) -> Update:
    """Rows that another transaction is changing are skipped. Each condition names the circle and excludes
    the other states, so that SQLite starts from the key and not from everything that waits."""
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
    """Claim the messages for this process and return them with their new fence. Left out are those that
    another process claimed, and those of which another version is wanted since they were drawn."""
    rows = [{**_key(message), "as_read": message.wanted_version} for message in drawn]
    mine = {id for (id,) in _claim.run(tx, rows, until=lease_until, moment=now)}
    return [_claimed(message) for message in drawn if message.id in mine]


def _claimed(message: Message) -> Message:
    """Return the message as `claim` leaves it in the table. dataclasses.replace would take twice as long."""
    values = list(values_of(message))
    values[_state] = State.SENDING
    values[_fence] += 1
    values[_attempt] += 1
    return Message(*values)


_same_claim = select(_m.id).where(*_mine, _m.state == bindparam("state"))


def holds_claim(tx: Transaction, message: Message) -> bool:
    """Is the message still in the same state under the same fence?"""
    return tx.execute(_same_claim, {**_key(message), "state": message.state}).first() is not None


_now = bindparam("now", type_=_m.due_at.type)
_over = (_m.state == State.SENDING) & (_m.lease_until < _now)
_is_update = _m.shown_version > 0
_expire = (
    update(tables.message)
    .where(_over)
    .values(
        lease_until=None,
        fence=_m.fence + 1,
        state=case((_is_update, State.WAITING), else_=State.AMBIGUOUS),
        due_at=case((_is_update, _now), else_=_m.due_at),
        redraw_at=case((_is_update, bindparam("later", type_=_m.redraw_at.type)), else_=_m.redraw_at),
        look_at=case((_is_update, _m.look_at), else_=_now),
        looks=case((_is_update, _m.looks), else_=0),
    )
    .returning(*COLUMNS)
)


def expire_claims(tx: Transaction, now: datetime, redraw_at: datetime) -> list[Message]:
    """End the claims whose lease is over and return their messages. An update is due again, and once more at
    `redraw_at`, because the first one may still be on its way. A first send may have arrived, so the chat is
    asked before it is sent again."""
    return [from_row(row) for row in tx.execute(_expire, {"now": now, "later": redraw_at}).all()]


_repeat = (
    update(tables.message)
    .where(_m.redraw_at <= bindparam("now"))
    .values(
        redraw_at=None,
        wanted_version=_m.wanted_version + 1,
        state=case((_m.state == State.SHOWN, State.WAITING), else_=_m.state),
        due_at=case((_m.state == State.SHOWN, bindparam("now")), else_=_m.due_at),
    )
)


def repeat_updates(tx: Transaction, now: datetime) -> None:
    """Draw again the messages whose `redraw_at` has come: an update that was delayed on its way may have
    overwritten a newer one."""
    tx.execute(_repeat, {"now": now})


_open = (_m.shown_version > 0) & _m.look_at.is_(None)
_reserve = (
    update(tables.message)
    .where(
        _m.circle_id == bindparam("circle"),
        _m.person_id == bindparam("person"),
        _m.address == bindparam("at_address"),
        _m.reference == bindparam("where"),
        _m.state.in_([State.WAITING, State.SENDING]),
        _open,
    )
    .values(due_at=case((_m.due_at < bindparam("until"), bindparam("until")), else_=_m.due_at))
    .returning(_m.id)
)


def reserve(
    tx: CircleTransaction, person_id: str, address: str, reference: str, until: datetime
) -> str | None:
    """Leave the message on which somebody pressed a button to whoever heard the press: no pump sends it
    before `until`. Return its id, None if it is not to show anything else. A message that has to be looked
    for in the chat is not reserved: drawing over it would take away the id by which it is found."""
    where = {"circle": tx.circle_id, "person": person_id, "at_address": address, "where": reference}
    return tx.execute(_reserve, {**where, "until": until}).scalar()


_reserved = select(*COLUMNS).where(
    _m.circle_id == bindparam("circle"), among(_m.id, "ids"), _m.state == State.WAITING, _open
)


def reserved(tx: CircleTransaction, message_ids: Sequence[str]) -> list[Message]:
    """Return those of the messages that nobody claimed meanwhile."""
    asked = {"circle": tx.circle_id, "ids": list(message_ids)}
    return [from_row(row) for row in tx.execute(_reserved, asked).all()]


# Outcomes


def _showing(each: Callable[[str], ColumnElement[Any]]) -> Update:
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


_mark_shown = Each(_showing, **_key_types, version=_m.shown_version.type, where=_m.reference.type)


def mark_shown(tx: Transaction, shown: Sequence[tuple[Message, str]], now: datetime) -> list[Message]:
    """Write that the chat shows the claimed version of each message under its reference. A message of which
    a newer version is wanted is due again. Return the messages whose claim still stood."""
    rows = [
        {**_key(message), "version": message.wanted_version, "where": reference}
        for message, reference in shown
    ]
    ours = {id for (id,) in _mark_shown.run(tx, rows, moment=now)}
    return [message for message, _ in shown if message.id in ours]


def retry(
    tx: Transaction, message: Message, at: datetime, why: str, redraw_at: datetime | None = None
) -> bool:
    """Try again at `at`. `redraw_at`: when an update that may still be on its way has arrived, or never
    will."""
    again = {} if redraw_at is None else {"redraw_at": redraw_at}
    return _change(tx, message, state=State.WAITING, due_at=at, lease_until=None, last_error=why, **again)


def wait_longer(tx: Transaction, message: Message, at: datetime, why: str) -> bool:
    """Try again at `at`, because the platform asked to wait. That does not count as an attempt."""
    return _change(
        tx,
        message,
        state=State.WAITING,
        due_at=at,
        attempt=message.attempt - 1,
        lease_until=None,
        last_error=why,
    )


def mark_dead(tx: Transaction, message: Message, why: str, obstacle: Obstacle) -> bool:
    dead = {"state": State.DEAD, "lease_until": None, "last_error": why, "obstacle": obstacle}
    return _change(tx, message, **dead)


def keep_claim(tx: Transaction, message: Message, why: str) -> bool:
    """Note that the answer was lost. The claim stays, so that nothing is sent again before its lease is
    over."""
    return _change(tx, message, last_error=why)


# Reconciliation with the chat

_to_look_for = (
    select(*COLUMNS)
    .where(_sought, _m.workspace_id == bindparam("workspace"))
    .order_by(_m.look_at)
    .limit(bindparam("most"))
)


def to_look_for(tx: Transaction, workspace_id: str, now: datetime, most: int) -> list[Message]:
    """Return the messages to look for in the chat of one workspace, those that waited longest first."""
    where = {"workspace": workspace_id, "now": now, "most": most}
    return [from_row(row) for row in tx.execute(_to_look_for, where)]


def start_look(tx: Transaction, message: Message, again_at: datetime) -> Look | None:
    """Take the message to look for it. If no answer is written, another process looks at `again_at`. None if
    somebody else took it."""
    taken = tx.execute(
        update(tables.message)
        .where(
            _m.circle_id == message.circle_id,
            _m.id == message.id,
            _m.fence == message.fence,
            _m.state != State.SENDING,
        )
        .values(fence=_m.fence + 1, looks=_m.looks + 1, look_at=again_at)
        .returning(*COLUMNS, _m.tried_at, _m.looks)
    ).first()
    return Look(from_row(taken), taken.tried_at or taken.created_at, taken.looks) if taken else None


def schedule_look(tx: Transaction, message: Message, at: datetime | None, looks: int | None = None) -> None:
    """Look for the message again at `at`, or never if that is None. `looks` sets how often it was done."""
    _change(tx, message, look_at=at, **({} if looks is None else {"looks": looks}))


_new = _m.shown_version == 0
_stands = case((~_new, _m.shown_version), else_=1)
"""A new message may show the version of any earlier claim, not only of the last one: a request may be on its
way for longer than a lease. So the first version is assumed."""
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
    """Write that the message was found in the chat under that reference. It is drawn again if its version is
    not certain, or if the row knew another reference. False if somebody claimed it since."""
    return tx.execute(_adopt, {**_key(message), "where": reference, "moment": now}).rowcount == 1


def resend(tx: Transaction, message: Message, now: datetime) -> bool:
    """Send the message again under the same id, because it is not in the chat."""
    return _change(tx, message, state=State.WAITING, due_at=now, last_error="")


def mark_unknown(tx: Transaction, message: Message, why: str) -> bool:
    return _change(tx, message, state=State.UNKNOWN, look_at=None, last_error=why)
