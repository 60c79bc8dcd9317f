"""Drafts, posts, and what members make of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, insert, select, update

from bot.domain.post import Copy, Draft, DraftState, Found, Post
from bot.domain.share import Stance
from storage import tables
from storage.rows import among, joined, put, split
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

_d, _c, _w, _s = tables.draft.c, tables.post.c, tables.words.c, tables.stance.c


def add_draft(tx: CircleTransaction, author_id: str, url: str, now: datetime) -> str:
    draft_id = new_id()
    tx.execute(
        insert(tables.draft).values(
            circle_id=tx.circle_id,
            id=draft_id,
            author_id=author_id,
            url=url,
            state=DraftState.WAITING,
            created_at=now,
        )
    )
    return draft_id


def draft(tx: CircleTransaction, draft_id: str) -> Draft | None:
    row = tx.execute(select(tables.draft).where(_d.circle_id == tx.circle_id, _d.id == draft_id)).first()
    return _draft(row) if row else None


def _draft(row: Row[Any]) -> Draft:
    found = Found(
        row.found_url or row.url, row.title, row.description, row.picture_url, row.picture_alt, row.site
    )
    return Draft(row.id, row.author_id, row.url, DraftState(row.state), found, row.problem)


def claim_drafts(tx: Transaction, now: datetime, lease: timedelta, limit: int) -> list[tuple[str, str, str]]:
    """(circle, draft, url) of pages to read; nobody else takes them before `lease` is over."""
    free = (_d.lease_until.is_(None)) | (_d.lease_until < now)
    rows = tx.execute(
        select(_d.circle_id, _d.id, _d.url)
        .where(_d.state == DraftState.WAITING, free)
        .order_by(_d.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        tx.execute(
            update(tables.draft)
            .where(_d.circle_id == row.circle_id, _d.id == row.id)
            .values(lease_until=now + lease)
        )
    return [(row.circle_id, row.id, row.url) for row in rows]


def fill_draft(tx: CircleTransaction, draft_id: str, found: Found | None, problem: str) -> bool:
    """Note what the page said, or why it could not be read, or why its picture is left out; False if that was
    done already."""
    values = (
        {"state": DraftState.UNREADABLE, "problem": problem}
        if found is None
        else {
            "state": DraftState.READY,
            "problem": problem,
            "found_url": found.url,
            "title": found.title,
            "description": found.description,
            "picture_url": found.picture_url,
            "picture_alt": found.picture_alt,
            "site": found.site,
        }
    )
    done = tx.execute(
        update(tables.draft)
        .where(_d.circle_id == tx.circle_id, _d.id == draft_id, _d.state == DraftState.WAITING)
        .values(**values)
    )
    return done.rowcount == 1


def refuse_picture(tx: CircleTransaction, draft_id: str, problem: str) -> None:
    """Leave out the picture that was found, because a chat does not show it."""
    tx.execute(
        update(tables.draft)
        .where(_d.circle_id == tx.circle_id, _d.id == draft_id, _d.state == DraftState.READY)
        .values(picture_url="", problem=problem)
    )


def close_draft(tx: CircleTransaction, draft_id: str) -> bool:
    """A draft becomes a post once; False if it has."""
    done = tx.execute(
        update(tables.draft)
        .where(_d.circle_id == tx.circle_id, _d.id == draft_id, _d.state != DraftState.PUBLISHED)
        .values(state=DraftState.PUBLISHED)
    )
    return done.rowcount == 1


def _columns(copy: Copy) -> dict[str, object]:
    return {
        "topic_id": copy.topic_id,
        "url": copy.url,
        "title": copy.title,
        "why": copy.why,
        "openings": list(copy.openings),
        "networks": joined(copy.networks),
        "picture_url": copy.picture_url,
        "picture_alt": copy.picture_alt,
        "expires_at": copy.expires_at,
        "zone": copy.zone,
    }


def add(tx: CircleTransaction, author_id: str, copy: Copy, now: datetime) -> str:
    post_id = new_id()
    tx.execute(
        insert(tables.post).values(
            circle_id=tx.circle_id,
            id=post_id,
            author_id=author_id,
            created_at=now,
            publish_at=copy.publish_at or now,
            **_columns(copy),
        )
    )
    return post_id


_by_id = select(tables.post).where(_c.circle_id == bindparam("circle"), _c.id == bindparam("post"))


def load(tx: CircleTransaction, post_id: str) -> Post | None:
    row = tx.execute(_by_id, {"circle": tx.circle_id, "post": post_id}).first()
    return _post(row) if row else None


def _post(row: Row[Any]) -> Post:
    copy = Copy(
        url=row.url,
        title=row.title,
        why=row.why,
        openings=tuple(row.openings),
        topic_id=row.topic_id,
        networks=split(row.networks),
        picture_url=row.picture_url,
        picture_alt=row.picture_alt,
        expires_at=row.expires_at,
        zone=row.zone,
        publish_at=row.publish_at,
    )
    return Post(row.id, row.author_id, copy, row.version, row.published_at, row.withdrawn_at)


def change(tx: CircleTransaction, post_id: str, copy: Copy) -> None:
    """Correct a post. It is closed again when the end that it has now has come."""
    values = _columns(copy) | ({"publish_at": copy.publish_at} if copy.publish_at else {})
    _update(tx, post_id, version=_c.version + 1, closed_at=None, **values)


def publish(tx: CircleTransaction, post_id: str, now: datetime) -> bool:
    """Once: False if it was published or withdrawn already."""
    done = tx.execute(
        update(tables.post)
        .where(
            _c.circle_id == tx.circle_id,
            _c.id == post_id,
            _c.published_at.is_(None),
            _c.withdrawn_at.is_(None),
        )
        .values(published_at=now, version=_c.version + 1)
    )
    return done.rowcount == 1


def mark(tx: CircleTransaction, post_id: str, **moments: datetime | None) -> None:
    """`withdrawn_at`, or None to take that back."""
    _update(tx, post_id, version=_c.version + 1, **moments)


def _update(tx: CircleTransaction, post_id: str, **values: object) -> None:
    tx.execute(update(tables.post).where(_c.circle_id == tx.circle_id, _c.id == post_id).values(**values))


def due(tx: Transaction, now: datetime) -> list[tuple[str, str]]:
    """(circle, post) whose hour has come, except those that another process is publishing."""
    rows = tx.execute(
        select(_c.circle_id, _c.id)
        .where(_c.published_at.is_(None), _c.withdrawn_at.is_(None), _c.publish_at <= now)
        .order_by(_c.publish_at)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return [(row.circle_id, row.id) for row in rows]


def over(tx: Transaction, now: datetime) -> list[tuple[str, str]]:
    """Return (circle, post) of the published posts whose end has come and that are not closed, except those
    that another process is closing."""
    rows = tx.execute(
        select(_c.circle_id, _c.id)
        .where(_c.published_at.is_not(None), _c.closed_at.is_(None), _c.expires_at <= now)
        .order_by(_c.expires_at)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return [(row.circle_id, row.id) for row in rows]


def close(tx: CircleTransaction, post_id: str, now: datetime) -> None:
    """Note that the copies of a post whose end has come are being closed."""
    _update(tx, post_id, closed_at=now)


def latest(tx: CircleTransaction, limit: int) -> list[Post]:
    """The circle's latest, newest first."""
    rows = tx.execute(
        select(tables.post).where(_c.circle_id == tx.circle_id).order_by(_c.created_at.desc()).limit(limit)
    )
    return [_post(row) for row in rows]


def _theirs(columns: Any) -> tuple[ColumnElement[bool], ...]:
    """What some people made of a post."""
    return (
        columns.circle_id == bindparam("circle"),
        columns.post_id == bindparam("post"),
        among(columns.person_id, "people"),
    )


_words_of = select(_w.person_id, _w.text).where(*_theirs(_w))
_stances_of = select(_s.person_id, _s.declined_at, _s.later_until).where(*_theirs(_s))


def words_of(tx: CircleTransaction, post_id: str, person_ids: Collection[str]) -> dict[str, str]:
    """Members' own texts; nothing for whoever has none."""
    asked = {"circle": tx.circle_id, "post": post_id, "people": list(person_ids)}
    return {row.person_id: row.text for row in tx.execute(_words_of, asked).all()}


def words(tx: CircleTransaction, post_id: str, person_id: str) -> str:
    """The member's own text; empty while they have none."""
    return words_of(tx, post_id, (person_id,)).get(person_id, "")


def save_words(tx: CircleTransaction, post_id: str, person_id: str, text: str, now: datetime) -> None:
    key = {"circle_id": tx.circle_id, "post_id": post_id, "person_id": person_id}
    put(tx, tables.words, key, {"text": text, "saved_at": now})


def stances(tx: CircleTransaction, post_id: str, person_ids: Collection[str]) -> dict[str, Stance]:
    """Nothing for whoever took none."""
    asked = {"circle": tx.circle_id, "post": post_id, "people": list(person_ids)}
    rows = tx.execute(_stances_of, asked).all()
    return {row.person_id: Stance(row.declined_at is not None, row.later_until) for row in rows}


def take_stance(
    tx: CircleTransaction,
    post_id: str,
    person_id: str,
    *,
    declined_at: datetime | None = None,
    later_until: datetime | None = None,
) -> None:
    key = {"circle_id": tx.circle_id, "post_id": post_id, "person_id": person_id}
    put(tx, tables.stance, key, {"declined_at": declined_at, "later_until": later_until})


def ask(tx: CircleTransaction, post_id: str, asker_id: str, text: str, now: datetime) -> str:
    question_id = new_id()
    tx.execute(
        insert(tables.question).values(
            circle_id=tx.circle_id,
            id=question_id,
            post_id=post_id,
            asker_id=asker_id,
            text=text,
            asked_at=now,
        )
    )
    return question_id


def question(tx: CircleTransaction, question_id: str) -> Row[Any] | None:
    q = tables.question.c
    return tx.execute(select(tables.question).where(q.circle_id == tx.circle_id, q.id == question_id)).first()


def answer(tx: CircleTransaction, question_id: str, by: str, text: str, now: datetime) -> bool:
    """Answer a question, or change one's own answer. Return False if somebody else has answered it."""
    q = tables.question.c
    done = tx.execute(
        update(tables.question)
        .where(q.circle_id == tx.circle_id, q.id == question_id)
        .where(q.answered_by.is_(None) | (q.answered_by == by))
        .values(answer=text, answered_by=by, answered_at=now)
    )
    return done.rowcount == 1


def count_between(tx: CircleTransaction, since: datetime, until: datetime) -> int:
    """Published then, or planned for then, and not withdrawn."""
    moment = func.coalesce(_c.published_at, _c.publish_at)
    return tx.execute(
        select(func.count())
        .select_from(tables.post)
        .where(_c.circle_id == tx.circle_id, _c.withdrawn_at.is_(None), moment >= since, moment < until)
    ).scalar_one()


def count_live(tx: CircleTransaction, now: datetime) -> int:
    return tx.execute(
        select(func.count())
        .select_from(tables.post)
        .where(
            _c.circle_id == tx.circle_id,
            _c.published_at.is_not(None),
            _c.withdrawn_at.is_(None),
            _c.expires_at > now,
        )
    ).scalar_one()
