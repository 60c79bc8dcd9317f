"""Polls. Whatever changes one takes hold of its row first: of two changes at the same moment the second one
finds what the first one left. Their votes are in `storage.votes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, insert, select, update

from bot.domain.message import State
from bot.domain.poll import POLL, RECURRING, Ballot, Draft, Option, Poll, Repeat, Rules
from storage import ballots, recurring, tables, votes
from storage.messages import Recipient
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

_p, _o, _d, _m = tables.poll.c, tables.poll_option.c, tables.poll_draft.c, tables.message.c


@dataclass(frozen=True, slots=True)
class Standing:
    """A copy in a channel. `lost`: it could not be put there, or not be kept up."""

    message_id: str
    where: Recipient
    lost: bool


# Drafts


def draft(tx: CircleTransaction, author_id: str, workspace_id: str, place: str, now: datetime) -> str:
    row = {"circle_id": tx.circle_id, "id": new_id(), "author_id": author_id, "made_at": now}
    tx.execute(insert(tables.poll_draft).values({**row, "workspace_id": workspace_id, "place": place}))
    return str(row["id"])


def load_draft(tx: CircleTransaction, draft_id: str, author_id: str) -> Draft | None:
    mine = (_d.circle_id == tx.circle_id, _d.id == draft_id, _d.author_id == author_id)
    row = tx.execute(select(_d.id, _d.workspace_id, _d.place).where(*mine)).first()
    return Draft(*row) if row else None


def use_draft(tx: CircleTransaction, draft_id: str) -> bool:
    """A draft becomes a poll once."""
    used = delete(tables.poll_draft).where(_d.circle_id == tx.circle_id, _d.id == draft_id)
    return tx.execute(used).rowcount == 1


def forget_drafts(tx: Transaction, before: datetime) -> None:
    tx.execute(delete(tables.poll_draft).where(_d.made_at < before))


# Polls


def open_poll(tx: CircleTransaction, author_id: str, ballot: Ballot, now: datetime, series: str = "") -> str:
    """`series`: the first of those that repeat, where this is another one."""
    rules, poll_id = ballot.rules, new_id()
    tx.execute(
        insert(tables.poll).values(
            circle_id=tx.circle_id,
            id=poll_id,
            author_id=author_id,
            workspace_id=ballot.workspace_id,
            place=ballot.place,
            question=ballot.question,
            many=rules.many,
            anonymous=rules.anonymous,
            live=rules.live,
            open_options=rules.open_options,
            asks_words=rules.asks_words,
            shared=ballot.shared,
            repeats=ballot.repeats,
            series=series or poll_id,
            opened_at=now,
            closes_at=ballot.closes_at,
            export_token=new_id(),
        )
    )
    for position, label in enumerate(ballot.options):
        add_option(tx, poll_id, label, position)
    if rules.anonymous:
        ballots.start(tx, poll_id)
    if ballot.repeats:
        recurring.start(tx, RECURRING, series or poll_id, now)
    return poll_id


def add_option(tx: CircleTransaction, poll_id: str, label: str, position: int) -> None:
    row = {
        "circle_id": tx.circle_id,
        "id": new_id(),
        "poll_id": poll_id,
        "position": position,
        "label": label,
    }
    tx.execute(insert(tables.poll_option).values(row))


def _poll(row: Row[Any]) -> Poll:
    return Poll(
        id=row.id,
        circle_id=row.circle_id,
        author_id=row.author_id,
        question=row.question,
        rules=Rules(row.many, row.anonymous, row.live, row.open_options, row.asks_words),
        opened_at=row.opened_at,
        closes_at=row.closes_at,
        closed_at=row.closed_at,
        place=row.place,
        workspace_id=row.workspace_id,
        shared=row.shared,
        repeats=Repeat(row.repeats),
        series=row.series,
        export_token=row.export_token,
        voters=row.voters,
        lost=row.lost,
    )


_one = select(tables.poll).where(_p.circle_id == bindparam("circle"), _p.id == bindparam("poll"))
_held = _one.with_for_update(key_share=True)
_option: tuple[ColumnElement[Any], ...] = (_o.id.label("option_id"), _o.label, _o.votes, _o.position)
_held_by_option = (
    select(tables.poll, *_option)
    .join(tables.poll_option, (_o.circle_id == _p.circle_id) & (_o.poll_id == _p.id))
    .where(_o.circle_id == bindparam("circle"), _o.id == bindparam("option"))
    .with_for_update(of=tables.poll, key_share=True)
)
_options = (
    select(*_option)
    .where(_o.circle_id == bindparam("circle"), _o.poll_id == bindparam("poll"))
    .order_by(_o.position, _o.id)
)


def load(tx: CircleTransaction, poll_id: str) -> Poll | None:
    row = tx.execute(_one, {"circle": tx.circle_id, "poll": poll_id}).first()
    return _poll(row) if row else None


def hold(tx: CircleTransaction, poll_id: str) -> Poll | None:
    """Nobody else changes it until the end of this transaction."""
    row = tx.execute(_held, {"circle": tx.circle_id, "poll": poll_id}).first()
    return _poll(row) if row else None


def hold_by_option(tx: CircleTransaction, option_id: str) -> tuple[Poll, Option] | None:
    row = tx.execute(_held_by_option, {"circle": tx.circle_id, "option": option_id}).first()
    return (_poll(row), _option_of(row)) if row else None


def by_token(tx: Transaction, token: str) -> Poll | None:
    row = tx.execute(select(tables.poll).where(_p.export_token == token)).first()
    return _poll(row) if row else None


def options(tx: CircleTransaction, poll: Poll) -> tuple[Option, ...]:
    rows = tx.execute(_options, {"circle": poll.circle_id, "poll": poll.id})
    return tuple(_option_of(row) for row in rows)


def _option_of(row: Row[Any]) -> Option:
    return Option(row.option_id, row.label, row.votes, row.position)


def open_polls(tx: CircleTransaction, now: datetime) -> list[Poll]:
    """Newest first."""
    is_open = (_p.circle_id == tx.circle_id, _p.closed_at.is_(None), _p.closes_at > now)
    rows = tx.execute(select(tables.poll).where(*is_open).order_by(_p.opened_at.desc(), _p.id))
    return [_poll(row) for row in rows]


def closing_by(tx: Transaction, moment: datetime) -> list[Poll]:
    """Of all circles: open ones that close then or before."""
    rows = tx.execute(select(tables.poll).where(_p.closed_at.is_(None), _p.closes_at <= moment))
    return [_poll(row) for row in rows]


def not_reminded(tx: Transaction, moment: datetime) -> list[Poll]:
    """Of all circles: open ones for members that close by then, and of which nobody was reminded."""
    which = (_p.closed_at.is_(None), _p.closes_at <= moment, _p.reminded_at.is_(None), _p.place == "")
    return [_poll(row) for row in tx.execute(select(tables.poll).where(*which))]


def repeating(tx: CircleTransaction, series: str) -> Poll | None:
    """The latest of a series that goes on."""
    goes_on = (_p.circle_id == tx.circle_id, _p.series == series, _p.repeats != Repeat.NEVER)
    row = tx.execute(select(tables.poll).where(*goes_on)).first()
    return _poll(row) if row else None


def repeat(tx: CircleTransaction, poll: Poll, repeats: Repeat, now: datetime) -> None:
    """From now on."""
    mark(tx, poll, repeats=repeats)
    recurring.start(tx, RECURRING, poll.series, now)


def mark(tx: CircleTransaction, poll: Poll, **values: object) -> None:
    """`closes_at`, `reminded_at`."""
    mine = (_p.circle_id == poll.circle_id, _p.id == poll.id)
    tx.execute(update(tables.poll).where(*mine).values(**values))


# Closing


def close(tx: CircleTransaction, poll: Poll, now: datetime) -> bool:
    """False if it was closed already. The ballots of an anonymous poll are counted and deleted, with all that
    leads from a choice to a person."""
    mine = (_p.circle_id == poll.circle_id, _p.id == poll.id, _p.closed_at.is_(None))
    if tx.execute(update(tables.poll).where(*mine).values(closed_at=now)).rowcount != 1:
        return False
    if poll.rules.anonymous:
        votes.count_ballots(tx, poll)
    return True


# Where it stands


def standing(tx: CircleTransaction, poll: Poll) -> list[Standing]:
    """Its copies in channels, oldest first."""
    copies = (_m.circle_id == poll.circle_id, _m.subject_id == poll.id, _m.person_id.is_(None))
    rows = tx.execute(
        select(_m.id, _m.workspace_id, _m.address, _m.state)
        .where(*copies, _m.kind == POLL.name)
        .order_by(_m.created_at, _m.id)
    )
    return [Standing(r.id, Recipient.channel(r.workspace_id, r.address), r.state == State.DEAD) for r in rows]


def readers(tx: CircleTransaction, poll: Poll) -> Sequence[Recipient]:
    """The members who have their own copy before them."""
    member = tables.member.c
    theirs = tables.message.join(
        tables.member, (member.circle_id == _m.circle_id) & (member.person_id == _m.person_id)
    )
    copies = (_m.circle_id == poll.circle_id, _m.subject_id == poll.id, _m.kind == POLL.name)
    rows = tx.execute(
        select(_m.workspace_id, _m.address, _m.person_id)
        .select_from(theirs)
        .where(*copies, _m.shown_version > 0)
    )
    return [Recipient(row.workspace_id, row.address, row.person_id) for row in rows]
