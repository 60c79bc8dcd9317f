"""The channels of a circle: those in which somebody wrote to the bot or added it. Each has a name, and the
instant at which it was closed."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update

from storage import tables
from storage.rows import put
from storage.transaction import CircleTransaction

_c = tables.channel.c


def meet(tx: CircleTransaction, address: str, **facts: object) -> None:
    """Note a channel in which somebody speaks with us, or brings us, and what is known of it: `name`, as a
    text calls it ("#general"), and `closed_at`, None while it is open. What is known already is not written
    again."""
    columns = [_c[name] for name in facts]
    row = tx.execute(select(*columns).where(_c.circle_id == tx.circle_id, _c.address == address)).first()
    if row is None or dict(row._mapping) != facts:
        put(tx, tables.channel, {"circle_id": tx.circle_id, "address": address}, facts)


def report(tx: CircleTransaction, address: str, **facts: object) -> bool:
    """Store what a platform says of a channel, as `meet` takes it. False, and nothing is kept, for a channel
    that we have nothing to do with."""
    ours = (_c.circle_id == tx.circle_id, _c.address == address)
    return tx.execute(update(tables.channel).where(*ours).values(**facts)).rowcount == 1


def names(tx: CircleTransaction, addresses: Collection[str]) -> dict[str, str]:
    """Return the names of those channels that are known by name."""
    rows = tx.execute(
        select(_c.address, _c.name).where(
            _c.circle_id == tx.circle_id, _c.address.in_(addresses), _c.name != ""
        )
    )
    return {row.address: row.name for row in rows}
