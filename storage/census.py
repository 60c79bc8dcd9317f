"""How much there is of everything, all circles together. Counts of things, never of persons' doings."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select

from bot.domain.message import POST
from storage import tables
from storage.transaction import Transaction


def census(tx: Transaction) -> dict[str, int]:
    """`members` who entered, whether or not they are still in; `posts` published; post cards
    `delivered`; texts `edited` by members; posts they say they `shared`; readers' `clicks`."""
    m, s = tables.message.c, tables.share.c
    counts: dict[str, ColumnElement[int]] = {
        "members": select(func.count(tables.consent.c.person_id.distinct())).scalar_subquery(),
        "posts": select(func.count(tables.post.c.published_at)).scalar_subquery(),
        "delivered": select(func.count())
        .select_from(tables.message)
        .where(m.kind == POST.name, m.shown_version > 0)
        .scalar_subquery(),
        "edited": select(func.count()).select_from(tables.words).scalar_subquery(),
        "shared": select(func.count(s.posted_at)).scalar_subquery(),
        "clicks": select(func.count()).select_from(tables.click).scalar_subquery(),
    }
    row = tx.execute(select(*(count.label(name) for name, count in counts.items()))).one()
    return dict(row._mapping)
