"""Recaps, and what they tell of: sums of the whole circle, and what it agreed to show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, select

from bot.domain.entry import Entry
from bot.domain.recap import DECIDED, DECISIONS, Recap
from storage import tables
from storage.rows import insert_new
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

_r, _c, _s, _k = tables.recap.c, tables.post.c, tables.share.c, tables.click.c
_e = tables.entry.c


def _recap(row: Row[Any]) -> Recap:
    month = date.fromisoformat(f"{row.month}-01")
    return Recap(row.circle_id, row.id, month, row.token, row.since, row.made_at)


def make(tx: CircleTransaction, month: date, since: datetime, now: datetime) -> str | None:
    """Its id; None where that month has its recap already."""
    recap_id = new_id()
    key = {"circle_id": tx.circle_id, "id": recap_id, "month": f"{month:%Y-%m}"}
    values = {**key, "token": new_id(), "since": since, "made_at": now}
    return recap_id if insert_new(tx, tables.recap, values) else None


def load(tx: CircleTransaction, recap_id: str) -> Recap | None:
    row = tx.execute(select(tables.recap).where(_r.circle_id == tx.circle_id, _r.id == recap_id)).first()
    return _recap(row) if row else None


def by_token(tx: Transaction, token: str) -> Recap | None:
    row = tx.execute(select(tables.recap).where(_r.token == token)).first()
    return _recap(row) if row else None


def latest(tx: CircleTransaction) -> Recap | None:
    found = select(tables.recap).where(_r.circle_id == tx.circle_id)
    row = tx.execute(found.order_by(_r.made_at.desc()).limit(1)).first()
    return _recap(row) if row else None


def _within(moment: ColumnElement[Any]) -> ColumnElement[bool]:
    return (moment >= bindparam("since")) & (moment < bindparam("until"))


_posts = (
    select(_c.title)
    .where(_c.circle_id == bindparam("circle"), _within(_c.published_at), _c.withdrawn_at.is_(None))
    .order_by(_c.published_at, _c.id)
)
_shares = (
    select(func.count())
    .select_from(tables.share)
    .where(_s.circle_id == bindparam("circle"), _within(_s.posted_at))
)
_clicks = (
    select(func.count())
    .select_from(tables.click.join(tables.share, _s.link_token == _k.link_token))
    .where(_s.circle_id == bindparam("circle"), _within(_k.at))
)
_decisions = (
    select(_e.at, _e.what, _e["values"])
    .where(_e.circle_id == bindparam("circle"), _within(_e.at), _e.what.in_(DECIDED))
    .order_by(_e.at.desc(), _e.id)
    .limit(DECISIONS)
)


def _span(circle_id: str, since: datetime, until: datetime) -> Mapping[str, object]:
    return {"circle": circle_id, "since": since, "until": until}


def posts(tx: CircleTransaction, since: datetime, until: datetime) -> list[str]:
    """Titles of what was brought and still stands, in the order in which it came."""
    return list(tx.execute(_posts, _span(tx.circle_id, since, until)).scalars())


def shares(tx: CircleTransaction, since: datetime, until: datetime) -> int:
    """What members say they posted, everybody together."""
    return tx.execute(_shares, _span(tx.circle_id, since, until)).scalar_one()


def clicks(tx: CircleTransaction, since: datetime, until: datetime) -> int:
    return tx.execute(_clicks, _span(tx.circle_id, since, until)).scalar_one()


def decisions(tx: CircleTransaction, since: datetime, until: datetime) -> list[Entry]:
    """The latest, in the order in which they were taken."""
    rows = tx.execute(_decisions, _span(tx.circle_id, since, until))
    return [Entry(row.at, row.what, row[2]) for row in rows][::-1]
