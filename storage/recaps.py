"""Recaps, and what they tell of: sums of the whole circle, and what it agreed to show."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select

from bot.domain.entry import Entry
from bot.domain.recap import DECIDED, DECISIONS, Recap
from storage import tables
from storage.database import Transaction
from storage.rows import insert_new
from storage.tables import new_id

_r, _c, _s, _k = tables.recap.c, tables.content.c, tables.share.c, tables.click.c
_e = tables.entry.c


def _recap(row: Row[Any]) -> Recap:
    month = date.fromisoformat(f"{row.month}-01")
    return Recap(row.circle_id, row.id, month, row.token, row.since, row.made_at)


def make(tx: Transaction, circle_id: str, month: date, since: datetime, now: datetime) -> str | None:
    """Its id; None where that month has its recap already."""
    recap_id = new_id()
    key = {"circle_id": circle_id, "id": recap_id, "month": f"{month:%Y-%m}"}
    values = {**key, "token": new_id(), "since": since, "made_at": now}
    return recap_id if insert_new(tx, tables.recap, values) else None


def load(tx: Transaction, circle_id: str, recap_id: str) -> Recap | None:
    row = tx.execute(select(tables.recap).where(_r.circle_id == circle_id, _r.id == recap_id)).first()
    return _recap(row) if row else None


def by_token(tx: Transaction, token: str) -> Recap | None:
    row = tx.execute(select(tables.recap).where(_r.token == token)).first()
    return _recap(row) if row else None


def latest(tx: Transaction, circle_id: str) -> Recap | None:
    found = select(tables.recap).where(_r.circle_id == circle_id)
    row = tx.execute(found.order_by(_r.made_at.desc()).limit(1)).first()
    return _recap(row) if row else None


def _within(moment: ColumnElement[Any], since: datetime, until: datetime) -> ColumnElement[bool]:
    return (moment >= since) & (moment < until)


def contents(tx: Transaction, circle_id: str, since: datetime, until: datetime) -> list[str]:
    """Titles of what was brought and still stands, in the order in which it came."""
    brought = (_c.circle_id == circle_id, _within(_c.published_at, since, until), _c.withdrawn_at.is_(None))
    return list(tx.execute(select(_c.title).where(*brought).order_by(_c.published_at, _c.id)).scalars())


def shares(tx: Transaction, circle_id: str, since: datetime, until: datetime) -> int:
    """What members say they posted, everybody together."""
    posted = (_s.circle_id == circle_id, _within(_s.posted_at, since, until))
    return tx.execute(select(func.count()).select_from(tables.share).where(*posted)).scalar_one()


def clicks(tx: Transaction, circle_id: str, since: datetime, until: datetime) -> int:
    links = tables.click.join(tables.share, _s.link_token == _k.link_token)
    followed = (_s.circle_id == circle_id, _within(_k.at, since, until))
    return tx.execute(select(func.count()).select_from(links).where(*followed)).scalar_one()


def decisions(tx: Transaction, circle_id: str, since: datetime, until: datetime) -> list[Entry]:
    """The latest, in the order in which they were taken."""
    taken = (_e.circle_id == circle_id, _within(_e.at, since, until), _e.what.in_(DECIDED))
    found = select(_e.at, _e.what, _e["values"]).where(*taken).order_by(_e.at.desc(), _e.id)
    return [Entry(row.at, row.what, row[2]) for row in tx.execute(found.limit(DECISIONS))][::-1]
