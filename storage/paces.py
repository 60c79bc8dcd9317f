"""Paces that all processes share: how fast a workspace and an address may be written to (GCRA).

A bucket is a key and the instant until which its turns are spoken for. Whoever takes turns has the workspace
to itself (`circles.take_turn`), so a bucket is read and written once a turn, however many leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, update

from bot.chat.messenger import Limit
from storage import tables
from storage.rows import among, insert_new, put_all
from storage.transaction import Transaction

_b = tables.bucket.c
_free = select(_b.key, _b.free_at).where(among(_b.key, "keys"))


class Paces:
    """The paces of one workspace as they stand, for as long as the transaction lasts."""

    def __init__(self, tx: Transaction, now: datetime) -> None:
        self._tx = tx
        self._now = now
        self._free: dict[str, datetime] = {}
        self._held: dict[str, datetime] = {}
        self._taken: dict[str, datetime] = {}

    def read(self, keys: Iterable[str], holds: bool = True) -> None:
        """Before any of them is asked for. `holds`: whether anybody ever holds one of them."""
        wanted = [key for key in keys if key not in self._taken]
        held = {_held(key): key for key in wanted} if holds else {}
        for key, free_at in self._tx.execute(_free, {"keys": [*wanted, *held]}).all():
            where = self._held if key in held else self._free
            where[held.get(key, key)] = free_at

    def used_up(self, key: str, limit: Limit, few: int = 1) -> datetime | None:
        """Until when no such number of turns is to be had, if so."""
        burst = limit.interval * (limit.burst - few)
        back = max(self._free.get(key, self._now) - burst, self._held.get(key, self._now))
        return back if back > self._now else None

    def left(self, key: str, limit: Limit) -> int:
        """How many turns are to be had now, of a pace that is not used up."""
        spoken_for = max(timedelta(0), self._free.get(key, self._now) - self._now)
        return limit.burst + -spoken_for // limit.interval

    def take(self, limits: Mapping[str, Limit]) -> tuple[str, datetime] | None:
        """One turn of each of these, or of none: None if granted, else the key of one that is used up and
        when to come back."""
        for key, limit in limits.items():
            if until := self.used_up(key, limit):
                return key, until
        for key, limit in limits.items():
            start = max(self._free.get(key, self._now), self._now)
            self._free[key] = self._taken[key] = start + limit.interval
        return None

    def write(self) -> None:
        """What was taken, into the table."""
        rows = [{"key": key, "free_at": free_at} for key, free_at in self._taken.items()]
        put_all(self._tx, tables.bucket, ("key",), rows)


def hold(tx: Transaction, key: str, until: datetime) -> None:
    """Nobody takes a turn of that pace before `until`, whatever its burst. A shorter hold changes nothing."""
    insert_new(tx, tables.bucket, {"key": _held(key), "free_at": until})
    tx.execute(update(tables.bucket).where(_b.key == _held(key), _b.free_at < until).values(free_at=until))


def _held(key: str) -> str:
    return f"{key}:held"


def forget(tx: Transaction, before: datetime) -> None:
    tx.execute(tables.bucket.delete().where(_b.free_at < before))
