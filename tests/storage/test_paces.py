"""How fast: never above the pace, and whoever comes back when told gets a turn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine

from bot.chat.messenger import Limit
from storage import paces, tables
from storage.paces import Paces
from tests.storage.rows import NOW

SECOND = timedelta(seconds=1)


def take(tx: Connection, limits: dict[str, Limit], now: datetime) -> tuple[str, datetime] | None:
    turn = Paces(tx, now)
    turn.read(limits)
    taken = turn.take(limits)
    turn.write()
    return taken


def token(tx: Connection, key: str, limit: Limit, now: datetime) -> datetime | None:
    """One turn of one pace: None if granted, else when to come back."""
    turn = Paces(tx, now)
    turn.read([key])
    until = turn.used_up(key, limit)
    assert take(tx, {key: limit}, now) == ((key, until) if until else None)
    return until


RATES = st.sampled_from([0.2, 50 / 60, 1.0, 3.0, 4.0, 30.0])
GAPS = st.lists(st.integers(0, 3_000_000), min_size=1, max_size=60)
"""Microseconds between two askings."""


@pytest.fixture(scope="module")
def buckets() -> Iterator[Connection]:
    """The one table alone, in memory: a property asks for thousands of turns."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        tables.bucket.create(connection)
        yield connection
    engine.dispose()


@settings(deadline=None)
@given(rate=RATES, burst=st.integers(1, 20), gaps=GAPS)
def test_never_above_the_pace(buckets: Connection, rate: float, burst: int, gaps: list[int]) -> None:
    """In any stretch of time: at most the burst, and one more for each interval that has gone by."""
    buckets.execute(tables.bucket.delete())
    granted: list[datetime] = []
    now, interval = NOW, timedelta(seconds=1 / rate)
    for gap in gaps:
        now += timedelta(microseconds=gap)
        if token(buckets, "k", Limit(rate, burst), now) is None:
            granted.append(now)
    assert granted
    for i, start in enumerate(granted):
        for j in range(i + burst, len(granted)):
            assert granted[j] - start >= (j - i + 1 - burst) * interval


@settings(deadline=None)
@given(rate=RATES, burst=st.integers(1, 20), gaps=GAPS)
def test_who_comes_back_when_told_gets_a_turn(
    buckets: Connection, rate: float, burst: int, gaps: list[int]
) -> None:
    buckets.execute(tables.bucket.delete())
    now = NOW
    for gap in gaps:
        now += timedelta(microseconds=gap)
        if until := token(buckets, "k", Limit(rate, burst), now):
            assert until > now
            now = until
            assert token(buckets, "k", Limit(rate, burst), now) is None


@settings(deadline=None)
@given(rate=RATES, burst=st.integers(1, 20), gaps=GAPS)
def test_what_is_left_are_the_turns_to_be_had(
    buckets: Connection, rate: float, burst: int, gaps: list[int]
) -> None:
    buckets.execute(tables.bucket.delete())
    now, limit = NOW, Limit(rate, burst)
    for gap in gaps:
        now += timedelta(microseconds=gap)
        turn = Paces(buckets, now)
        turn.read(["k"])
        left = 0 if turn.used_up("k", limit) else turn.left("k", limit)
        assert sum(turn.take({"k": limit}) is None for _ in range(burst + 1)) == left
        token(buckets, "k", limit, now)


@settings(deadline=None)
@given(burst=st.integers(1, 20), wait=st.integers(1, 60_000), used=st.integers(0, 25))
def test_asked_to_wait_everybody_waits(buckets: Connection, burst: int, wait: int, used: int) -> None:
    """However large the burst, and however much of it was left. `wait` in milliseconds."""
    buckets.execute(tables.bucket.delete())
    pace, until = Limit(1.0, burst), NOW + timedelta(milliseconds=wait)
    for _ in range(used):
        token(buckets, "k", pace, NOW)
    paces.hold(buckets, "k", until)
    paces.hold(buckets, "k", until - timedelta(milliseconds=wait // 2))
    for moment in (NOW, until - timedelta(milliseconds=1)):
        told = token(buckets, "k", pace, moment)
        assert told is not None
        assert told >= until
    assert token(buckets, "another", pace, NOW) is None


def test_every_turn_of_a_pace_of_one_is_apart(buckets: Connection) -> None:
    buckets.execute(tables.bucket.delete())
    granted: list[datetime] = []
    now = NOW
    while len(granted) < 10:
        until = token(buckets, "k", Limit(1.0), now)
        granted += [] if until else [now]
        now = until or now
    assert {b - a for a, b in pairwise(granted)} == {SECOND}


def test_a_turn_of_each_or_of_none(buckets: Connection) -> None:
    buckets.execute(tables.bucket.delete())
    both = {"workspace": Limit(1.0, 5), "address": Limit(1.0)}
    assert take(buckets, both, NOW) is None
    for _ in range(3):
        assert take(buckets, both, NOW) == ("address", NOW + SECOND)
    turns = [token(buckets, "workspace", both["workspace"], NOW) for _ in range(5)]
    assert turns == [None] * 4 + [NOW + SECOND]


def test_old_buckets_are_forgotten(buckets: Connection) -> None:
    buckets.execute(tables.bucket.delete())
    token(buckets, "k", Limit(1.0), NOW)
    paces.hold(buckets, "k", NOW + SECOND)
    paces.forget(buckets, NOW + timedelta(minutes=1))
    assert buckets.execute(tables.bucket.select()).all() == []
