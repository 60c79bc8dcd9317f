"""Shares and the clicks they brought."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import datetime

from sqlalchemy import ColumnElement, Update, bindparam, delete, func, insert, select, update

from bot.domain.share import Share, Tally
from storage import tables
from storage.rows import among, insert_new
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

_s, _k = tables.share.c, tables.click.c


def offer(tx: CircleTransaction, post_id: str, offers: Iterable[tuple[str, str]]) -> None:
    """Tokens for every (person, network) that has none yet."""
    made = tx.execute(
        select(_s.person_id, _s.network).where(_s.circle_id == tx.circle_id, _s.post_id == post_id)
    )
    have = {(row.person_id, row.network) for row in made}
    rows = [
        {
            "circle_id": tx.circle_id,
            "post_id": post_id,
            "person_id": person_id,
            "network": network,
            "page_token": new_id(),
            "link_token": new_id(),
        }
        for person_id, network in offers
        if (person_id, network) not in have
    ]
    if rows:
        tx.execute(insert(tables.share), rows)


_share = [_s[each.name] for each in fields(Share)]
"""What is read of one, by place: hundreds are read for each turn of the pump."""
_of_post = (_s.circle_id == bindparam("circle"), _s.post_id == bindparam("post"))
_theirs = (*_of_post, among(_s.person_id, "people"))
_shares_of = select(*_share).where(*_theirs)


def of_members(tx: CircleTransaction, post_id: str, person_ids: Collection[str]) -> dict[str, list[Share]]:
    """By person; nothing for whoever has none."""
    asked = {"circle": tx.circle_id, "post": post_id, "people": list(person_ids)}
    found: dict[str, list[Share]] = {}
    for row in tx.execute(_shares_of, asked).all():
        share = Share(*row)
        found.setdefault(share.person_id, []).append(share)
    return found


def of_member(tx: CircleTransaction, post_id: str, person_id: str) -> list[Share]:
    return of_members(tx, post_id, (person_id,)).get(person_id, [])


def by_page(tx: Transaction, token: str) -> tuple[str, Share] | None:
    """The circle and the share behind a share page."""
    return _found(tx, _s.page_token == token)


def by_link(tx: Transaction, token: str) -> tuple[str, Share] | None:
    """The circle and the share behind a tracked link."""
    return _found(tx, _s.link_token == token)


def _found(tx: Transaction, which: ColumnElement[bool]) -> tuple[str, Share] | None:
    row = tx.execute(select(_s.circle_id, *_share).where(which)).first()
    return (row[0], Share(*row[1:])) if row else None


def mark(tx: CircleTransaction, share: Share, **moments: datetime | None) -> None:
    """`opened_at` or `posted_at`."""
    tx.execute(_one(tx.circle_id, share).values(**moments))


def mark_first_opening(tx: CircleTransaction, share: Share, now: datetime) -> bool:
    """False if it was opened before, be it a moment ago by another process."""
    first = _one(tx.circle_id, share).where(_s.opened_at.is_(None))
    return tx.execute(first.values(opened_at=now)).rowcount == 1


def _one(circle_id: str, share: Share) -> Update:
    return update(tables.share).where(
        _s.circle_id == circle_id,
        _s.post_id == share.post_id,
        _s.person_id == share.person_id,
        _s.network == share.network,
    )


def count_click(tx: Transaction, link_token: str, day: str, visitor: str, now: datetime) -> bool:
    """False if this visitor was counted on that link today."""
    return insert_new(tx, tables.click, {"link_token": link_token, "day": day, "visitor": visitor, "at": now})


_clicks = select(func.count()).select_from(tables.click).join(tables.share, _s.link_token == _k.link_token)
_clicks_of = _clicks.add_columns(_s.person_id).where(*_theirs).group_by(_s.person_id)
_clicks_of_all = _clicks.where(*_of_post)


def clicks_of(tx: CircleTransaction, post_id: str, person_ids: Collection[str]) -> dict[str, int]:
    """Readers of each member's links to a post; nothing for whoever has none."""
    asked = {"circle": tx.circle_id, "post": post_id, "people": list(person_ids)}
    return {person_id: count for count, person_id in tx.execute(_clicks_of, asked).all()}


def clicks(tx: CircleTransaction, post_id: str) -> int:
    """Readers of everybody's links to a post."""
    return tx.execute(_clicks_of_all, {"circle": tx.circle_id, "post": post_id}).scalar_one()


_posted = select(func.count(_s.posted_at)).where(*_of_post)


def tally(tx: CircleTransaction, post_id: str) -> Tally:
    posted = tx.execute(_posted, {"circle": tx.circle_id, "post": post_id}).scalar_one()
    return Tally(posted, clicks(tx, post_id))


def salt(tx: Transaction, day: str, fresh: str) -> str:
    """The salt of a day: `fresh` if it had none."""
    insert_new(tx, tables.salt, {"day": day, "value": fresh})
    found: str = tx.execute(select(tables.salt.c.value).where(tables.salt.c.day == day)).scalar_one()
    return found


def forget_salts(tx: Transaction, before: str) -> None:
    """Without its salt a visitor's hash can be tied to nobody."""
    tx.execute(delete(tables.salt).where(tables.salt.c.day < before))
