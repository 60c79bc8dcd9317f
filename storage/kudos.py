"""Kudos, what their receivers made of them, and what is whispered so that nobody is overlooked.

No question here counts what somebody received: there is nothing to show such a number in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, distinct, func, insert, select, update

from bot.domain.kudos import Answer, Kudos, KudosKind, Thanks, Whisper, Why
from storage import tables
from storage.rows import one_at_a_time
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

_k, _t, _w = tables.kudos.c, tables.thanks.c, tables.whisper.c
_m, _a, _s, _c = tables.member.c, tables.account.c, tables.share.c, tables.post.c
_stands = _k.taken_back_at.is_(None)


def give(
    tx: CircleTransaction,
    giver_id: str,
    kind: KudosKind,
    reason: str,
    receivers: Iterable[str],
    now: datetime,
) -> str:
    kudos_id = new_id()
    row = {"circle_id": tx.circle_id, "id": kudos_id, "giver_id": giver_id, "given_at": now}
    tx.execute(insert(tables.kudos).values({**row, "kind": kind, "reason": reason}))
    thanks = {"circle_id": tx.circle_id, "kudos_id": kudos_id, "state": Answer.NONE}
    tx.execute(insert(tables.thanks), [{**thanks, "receiver_id": receiver} for receiver in receivers])
    return kudos_id


def change(tx: CircleTransaction, kudos_id: str, **values: object) -> None:
    """`kind`, `taken_back_at`."""
    tx.execute(update(tables.kudos).where(_k.circle_id == tx.circle_id, _k.id == kudos_id).values(**values))


def answer(tx: CircleTransaction, kudos_id: str, receiver_id: str, answer: Answer, now: datetime) -> None:
    mine = (_t.circle_id == tx.circle_id, _t.kudos_id == kudos_id, _t.receiver_id == receiver_id)
    tx.execute(update(tables.thanks).where(*mine).values(state=answer, answered_at=now))


def one_act_at_a_time(tx: Transaction, giver_id: str) -> None:
    """From here to the end of the transaction this person gives nothing else."""
    one_at_a_time(tx, f"kudos:{giver_id}")


def load(tx: CircleTransaction, kudos_id: str) -> Kudos | None:
    return next(iter(_some(tx, _k.id == kudos_id)), None)


def given(tx: CircleTransaction, giver_id: str, since: datetime) -> list[Kudos]:
    """What somebody gave, newest first, without what they took back."""
    return _some(tx, _k.giver_id == giver_id, _k.given_at >= since, _stands)


def received(tx: CircleTransaction, receiver_id: str, limit: int) -> list[Kudos]:
    """For their own eyes: newest first, without what they declined."""
    theirs = _holds(_t.receiver_id == receiver_id, _t.state != Answer.DECLINED)
    return _some(tx, theirs, _stands, limit=limit)


def shown(
    tx: CircleTransaction,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> list[Kudos]:
    """What the circle may read, newest first: `since` included, `until` excluded. Each holds only the
    receivers who agreed and are still members; so is its giver."""
    span = [] if since is None else [_k.given_at >= since]
    span += [] if until is None else [_k.given_at < until]
    return _some(tx, *_there, *span, limit=limit, of_thanks=_agreed)


def count_thanked(tx: CircleTransaction, giver_id: str, since: datetime, until: datetime) -> int:
    """People somebody thanked, against their own allowance. What was declined counts like the rest: the giver
    must not be able to tell."""
    question = select(func.count()).select_from(tables.thanks.join(tables.kudos, _joins))
    mine = (_k.circle_id == tx.circle_id, _k.giver_id == giver_id, _stands)
    return tx.execute(question.where(*mine, _k.given_at >= since, _k.given_at < until)).scalar_one()


_joins = (_t.circle_id == _k.circle_id) & (_t.kudos_id == _k.id)


def _holds(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(_t.receiver_id).where(_joins, *conditions).correlate(tables.kudos).exists()


def _is_member(person_id: ColumnElement[str]) -> ColumnElement[bool]:
    return (
        select(_m.person_id)
        .where(_m.circle_id == _k.circle_id, _m.person_id == person_id)
        .correlate(tables.kudos, tables.thanks)
        .exists()
    )


_agreed = (_t.state == Answer.SHOWN, _is_member(_t.receiver_id))
_there = (_holds(*_agreed), _is_member(_k.giver_id), _stands)


def _some(
    tx: CircleTransaction,
    *conditions: ColumnElement[bool],
    limit: int | None = None,
    of_thanks: Collection[ColumnElement[bool]] = (),
) -> list[Kudos]:
    """Newest first."""
    found = select(tables.kudos).where(_k.circle_id == tx.circle_id, *conditions)
    rows = tx.execute(found.order_by(_k.given_at.desc(), _k.id).limit(limit)).all()
    thanks = _thanks(tx, [row.id for row in rows], of_thanks)
    return [_kudos(row, thanks[row.id]) for row in rows]


def _thanks(
    tx: CircleTransaction, ids: list[str], conditions: Collection[ColumnElement[bool]]
) -> Mapping[str, list[Thanks]]:
    question = select(_t.kudos_id, _t.receiver_id, _t.state).join(tables.kudos, _joins)
    rows = tx.execute(
        question.where(_t.circle_id == tx.circle_id, _t.kudos_id.in_(ids), *conditions).order_by(
            _t.receiver_id
        )
    )
    found: defaultdict[str, list[Thanks]] = defaultdict(list)
    for row in rows:
        found[row.kudos_id].append(Thanks(row.receiver_id, Answer(row.state)))
    return found


def _kudos(row: Row[Any], thanks: list[Thanks]) -> Kudos:
    kind = KudosKind(row.kind)
    return Kudos(row.id, row.giver_id, kind, row.reason, row.given_at, tuple(thanks), row.taken_back_at)


# Who is who


def names(tx: CircleTransaction) -> dict[str, str]:
    """Address by name, of the members whose name nobody else has."""
    rows = tx.execute(
        select(_a.name, func.min(_a.address))
        .join(tables.member, (_m.circle_id == _a.circle_id) & (_m.person_id == _a.person_id))
        .where(_a.circle_id == tx.circle_id, _a.receives, _a.name != "")
        .group_by(_a.name)
        .having(func.count() == 1)
    )
    return {row[0]: row[1] for row in rows}


def homes(tx: CircleTransaction) -> tuple[str, ...]:
    """What the addresses of a circle begin with, one a workspace."""
    w = tables.workspace.c
    rows = tx.execute(select(w.platform, w.external_id).where(w.circle_id == tx.circle_id))
    return tuple(f"{row.platform}:{row.external_id}:" for row in rows)


# Nobody overlooked


def joined(tx: CircleTransaction) -> dict[str, datetime]:
    """When each member came in."""
    rows = tx.execute(select(_m.person_id, _m.joined_at).where(_m.circle_id == tx.circle_id))
    return {row.person_id: row.joined_at for row in rows}


def thanked(tx: CircleTransaction, receiver_id: str, since: datetime, by: str | None = None) -> bool:
    """Whether anybody, or `by`, thanked somebody since then."""
    where = [_k.circle_id == tx.circle_id, _t.receiver_id == receiver_id, _k.given_at >= since, _stands]
    where += [] if by is None else [_k.giver_id == by]
    return tx.execute(select(_k.id).join(tables.thanks, _joins).where(*where).limit(1)).first() is not None


def last_thanked(tx: CircleTransaction) -> dict[str, datetime]:
    rows = tx.execute(
        select(_t.receiver_id, func.max(_k.given_at).label("at"))
        .join(tables.kudos, _joins)
        .where(_t.circle_id == tx.circle_id, _stands)
        .group_by(_t.receiver_id)
    )
    return {row.receiver_id: row.at for row in rows}


def ties(tx: CircleTransaction, person_id: str, since: datetime) -> Mapping[str, int]:
    """How often the paths of others crossed somebody's: posts that both say they posted, posts posted
    on the same topics, people whom both thanked. Members only, and never told to anybody."""
    posts, topics = _posted(tx, person_id, since)
    receivers = {to for kudos in given(tx, person_id, since) for to in kudos.receivers}
    posted = (
        select(_s.person_id, func.count(distinct(_s.post_id)))
        .join(tables.post, _of_share)
        .where(_s.circle_id == tx.circle_id, _s.posted_at >= since)
    )
    thanked = (
        select(_k.giver_id, func.count(distinct(_t.receiver_id)))
        .join(tables.thanks, _joins)
        .where(_k.circle_id == tx.circle_id, _k.given_at >= since, _stands, _t.receiver_id.in_(receivers))
    )
    found: Counter[str] = Counter()
    for question, person in (
        (posted.where(_s.post_id.in_(posts)), _s.person_id),
        (posted.where(_c.topic_id.in_(topics)), _s.person_id),
        (thanked, _k.giver_id),
    ):
        found.update({row[0]: row[1] for row in tx.execute(question.group_by(person))})
    members = joined(tx).keys() - {person_id}
    return {person: count for person, count in found.items() if person in members}


_of_share = (_c.circle_id == _s.circle_id) & (_c.id == _s.post_id)


def _posted(tx: CircleTransaction, person_id: str, since: datetime) -> tuple[set[str], set[str]]:
    """The posts somebody says they posted, and their topics."""
    rows = tx.execute(
        select(_s.post_id, _c.topic_id)
        .join(tables.post, _of_share)
        .where(_s.circle_id == tx.circle_id, _s.person_id == person_id, _s.posted_at >= since)
    ).all()
    return {row.post_id for row in rows}, {row.topic_id for row in rows}


def active(tx: CircleTransaction, since: datetime) -> set[str]:
    """Whoever posted or thanked somebody: there may be something to say to them."""
    posted = select(_s.person_id).where(_s.circle_id == tx.circle_id, _s.posted_at >= since)
    thanked = select(_k.giver_id).where(_k.circle_id == tx.circle_id, _k.given_at >= since, _stands)
    return {row[0] for row in tx.execute(posted.union(thanked))}


def posts(tx: CircleTransaction, since: datetime) -> list[tuple[str, str, str]]:
    """(member, post, its author) of what members say they posted since then; the author is a member too,
    and somebody else."""
    poster, author = tables.member.alias(), tables.member.alias()
    question = (
        select(_s.person_id, _s.post_id, _c.author_id)
        .join(tables.post, _of_share)
        .join(poster, (poster.c.circle_id == _s.circle_id) & (poster.c.person_id == _s.person_id))
        .join(author, (author.c.circle_id == _c.circle_id) & (author.c.person_id == _c.author_id))
        .where(_s.circle_id == tx.circle_id, _s.posted_at >= since, _s.person_id != _c.author_id)
        .group_by(_s.person_id, _s.post_id, _c.author_id)
        .order_by(func.min(_s.posted_at), _s.person_id)
    )
    return [(row.person_id, row.post_id, row.author_id) for row in tx.execute(question)]


def whisper(
    tx: CircleTransaction,
    giver_id: str,
    about_id: str,
    why: Why,
    now: datetime,
    post_id: str | None = None,
) -> str:
    whisper_id = new_id()
    who = {"giver_id": giver_id, "about_id": about_id, "post_id": post_id}
    row = {"circle_id": tx.circle_id, "id": whisper_id, "why": why, "made_at": now, **who}
    tx.execute(insert(tables.whisper).values(row))
    return whisper_id


def whispers(tx: CircleTransaction, why: Why, since: datetime) -> list[Whisper]:
    """Newest first."""
    mine = (_w.circle_id == tx.circle_id, _w.why == why, _w.made_at >= since)
    rows = tx.execute(select(tables.whisper).where(*mine).order_by(_w.made_at.desc(), _w.id))
    return [_whisper(row) for row in rows]


def load_whisper(tx: CircleTransaction, whisper_id: str) -> Whisper | None:
    row = tx.execute(select(tables.whisper).where(_w.circle_id == tx.circle_id, _w.id == whisper_id)).first()
    return _whisper(row) if row else None


def told(tx: CircleTransaction, about_id: str, post_id: str) -> bool:
    """Whether somebody had the author of a post know that they posted it."""
    where = (_w.about_id == about_id, _w.post_id == post_id, _w.why == Why.TOLD)
    return tx.execute(select(_w.id).where(_w.circle_id == tx.circle_id, *where)).first() is not None


def _whisper(row: Row[Any]) -> Whisper:
    return Whisper(row.id, row.giver_id, row.about_id, Why(row.why), row.post_id, row.made_at)
