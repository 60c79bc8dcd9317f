"""Message rows: what is wanted, who may send it, and how fast."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine

from bot.chat.messenger import Limit
from bot.domain.message import AUTHOR, CONTENT, Message, State
from storage import messages, tables
from storage.messages import Recipient
from tests.storage.rows import NOW, fill

SECOND = timedelta(seconds=1)
LEASE = NOW + timedelta(seconds=30)


@pytest.fixture
def circle(tx: Connection) -> str:
    """With one workspace and one person, and no message yet."""
    fill(tx, "ours")
    tx.execute(tables.message.delete())
    return "ours"


def want(tx: Connection, *addresses: str, subject: str = "s", **more: object) -> int:
    recipients = [Recipient("ours-id", address, "ours-id") for address in addresses]
    return messages.want(tx, "ours", CONTENT, subject, recipients, NOW, **more)  # type: ignore[arg-type]


def only(tx: Connection) -> Message:
    (row,) = tx.execute(tables.message.select())
    found = messages.load(tx, "ours", row.id)
    assert found is not None
    return found


def claimed(tx: Connection) -> Message:
    message = messages.claim(tx, only(tx), LEASE)
    assert message is not None
    return message


def shown(tx: Connection) -> Message:
    assert messages.shown(tx, claimed(tx), "ref", NOW)
    return only(tx)


def bump(tx: Connection, **more: object) -> None:
    messages.bump(tx, "ours", CONTENT, "s", NOW, **more)  # type: ignore[arg-type]


# wanted


def test_wanting_twice_makes_one_row_an_address(tx: Connection, circle: str) -> None:
    assert want(tx, "a", "b") == 2
    assert want(tx, "a", "b", "c") == 1
    assert want(tx, "a", subject="another") == 1


def test_what_waits_is_due_when_its_moment_has_come(tx: Connection, circle: str) -> None:
    want(tx, "now")
    want(tx, "later", due_at=NOW + SECOND)
    assert [due.message.address for due in messages.due(tx, NOW, 10)] == ["now"]
    assert {due.message.address for due in messages.due(tx, NOW + SECOND, 10)} == {"now", "later"}
    assert messages.next_due(tx) == NOW


def test_a_large_workspace_takes_its_share_and_no_more(tx: Connection, circle: str) -> None:
    fill(tx, "theirs")
    want(tx, *(f"a{n}" for n in range(50)))
    messages.want(tx, "theirs", CONTENT, "s", [Recipient("theirs-id", "b", "theirs-id")], NOW)
    addresses = [due.message.address for due in messages.due(tx, NOW, 3)]
    assert len([address for address in addresses if address.startswith("a")]) == 3
    assert "b" in addresses


def test_changes_go_before_news_and_news_by_priority(tx: Connection, circle: str) -> None:
    want(tx, "changed")
    shown(tx)
    want(tx, "fresh")
    messages.want(tx, "ours", AUTHOR, "s", [Recipient("ours-id", "urgent", "ours-id")], NOW)
    bump(tx)
    assert [due.message.address for due in messages.due(tx, NOW, 10)] == ["changed", "urgent", "fresh"]


# bumped


def test_what_has_not_left_needs_no_bump(tx: Connection, circle: str) -> None:
    want(tx, "a")
    bump(tx)
    assert only(tx).wanted_version == 1


def test_bumps_become_one_after_the_first_ones_pause(tx: Connection, circle: str) -> None:
    want(tx, "a")
    shown(tx)
    bump(tx, after=2 * SECOND)
    messages.bump(tx, "ours", CONTENT, "s", NOW + SECOND, after=2 * SECOND)
    message = only(tx)
    assert (message.state, message.wanted_version, message.due_at) == (State.WAITING, 3, NOW + 2 * SECOND)
    messages.shown(tx, claimed(tx), "ref", NOW)
    assert (only(tx).state, only(tx).shown_version) == (State.SHOWN, 3)


def test_a_bump_while_it_is_sent_makes_it_due_again(tx: Connection, circle: str) -> None:
    want(tx, "a")
    held = claimed(tx)
    bump(tx)
    assert only(tx).state is State.SENDING
    assert messages.shown(tx, held, "ref", NOW)
    message = only(tx)
    assert (message.state, message.shown_version, message.wanted_version) == (State.WAITING, 1, 2)


def test_a_bump_can_be_for_one_person(tx: Connection, circle: str) -> None:
    want(tx, "a")
    shown(tx)
    messages.bump_for(tx, "ours", "somebody-else", "s", NOW)
    assert only(tx).state is State.SHOWN
    messages.bump_for(tx, "ours", "ours-id", "s", NOW)
    assert only(tx).state is State.WAITING


# claimed


def test_of_two_claims_one_wins(tx: Connection, circle: str) -> None:
    want(tx, "a")
    seen = only(tx)
    first = messages.claim(tx, seen, LEASE)
    assert first is not None
    assert (first.state, first.attempt, first.fence) == (State.SENDING, 1, seen.fence + 1)
    assert messages.claim(tx, seen, LEASE) is None
    assert messages.claim(tx, first, LEASE) is None
    assert messages.due(tx, NOW, 10) == []


def test_who_lost_the_fence_changes_nothing(tx: Connection, circle: str) -> None:
    want(tx, "a")
    shown(tx)
    bump(tx)
    slow = claimed(tx)
    messages.reap(tx, LEASE + SECOND)
    quick = claimed(tx)
    before = only(tx)
    assert not messages.shown(tx, slow, "late", NOW)
    assert not messages.retry(tx, slow, NOW, "late")
    assert not messages.wait_longer(tx, slow, NOW, "late")
    assert not messages.bury(tx, slow, "late")
    assert not messages.linger(tx, slow, "late")
    messages.postpone(tx, slow, NOW + SECOND)
    messages.drop(tx, slow, "late")
    assert only(tx) == before
    assert messages.shown(tx, quick, "ref", NOW)


def test_a_lease_that_is_not_over_is_left_alone(tx: Connection, circle: str) -> None:
    want(tx, "a")
    claimed(tx)
    assert messages.reap(tx, LEASE) == []
    assert only(tx).state is State.SENDING


def test_a_first_send_whose_lease_is_over_rests_as_unknown(tx: Connection, circle: str) -> None:
    want(tx, "a")
    claimed(tx)
    assert messages.reap(tx, LEASE + SECOND) == [only(tx)]
    assert only(tx).state is State.UNKNOWN
    assert messages.due(tx, LEASE + timedelta(days=1), 10) == []
    bump(tx)
    assert only(tx).state is State.UNKNOWN


def test_a_change_whose_lease_is_over_is_drawn_again(tx: Connection, circle: str) -> None:
    want(tx, "a")
    shown(tx)
    bump(tx)
    claimed(tx)
    assert messages.reap(tx, LEASE + SECOND) == []
    assert only(tx).state is State.WAITING


def test_a_lost_answer_keeps_its_claim(tx: Connection, circle: str) -> None:
    want(tx, "a")
    assert messages.linger(tx, claimed(tx), "no answer")
    message = only(tx)
    assert (message.state, message.last_error) == (State.SENDING, "no answer")


# put off, given up, tried again


def test_postponed_and_dropped(tx: Connection, circle: str) -> None:
    want(tx, "a")
    messages.postpone(tx, only(tx), NOW + SECOND)
    assert messages.due(tx, NOW, 10) == []
    messages.drop(tx, only(tx), "stale")
    assert messages.due(tx, NOW + SECOND, 10) == []
    assert (only(tx).state, only(tx).last_error) == (State.DROPPED, "stale")


def test_a_retry_is_an_attempt_and_being_asked_to_wait_is_none(tx: Connection, circle: str) -> None:
    want(tx, "a")
    assert messages.retry(tx, claimed(tx), NOW, "503")
    assert only(tx).attempt == 1
    assert messages.wait_longer(tx, claimed(tx), NOW, "429")
    assert only(tx).attempt == 1


def test_a_dead_letter_is_in_sight_and_lives_again_when_told(tx: Connection, circle: str) -> None:
    want(tx, "a")
    assert messages.bury(tx, claimed(tx), "channel_not_found")
    (dead,) = messages.dead(tx, "ours", 10)
    assert dead.last_error == "channel_not_found"
    assert messages.revive(tx, "ours", dead.id, NOW)
    assert not messages.revive(tx, "ours", dead.id, NOW)
    assert (only(tx).state, only(tx).attempt) == (State.WAITING, 0)


def test_another_circle_revives_nothing(tx: Connection, circle: str) -> None:
    want(tx, "a")
    messages.bury(tx, claimed(tx), "gone")
    assert not messages.revive(tx, "theirs", only(tx).id, NOW)
    assert messages.load(tx, "theirs", only(tx).id) is None


def test_who_leaves_gets_nothing_more(tx: Connection, circle: str) -> None:
    want(tx, "waiting")
    seen = only(tx)
    messages.drop_all_for(tx, "ours", "ours-id", "left")
    assert only(tx).state is State.DROPPED
    assert messages.claim(tx, seen, LEASE) is None


def test_the_ceiling_counts_what_was_shown_and_what_is_on_its_way(tx: Connection, circle: str) -> None:
    want(tx, "shown")
    shown(tx)
    week = (NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert messages.count_shown(tx, "ours", "ours-id", *week) == 1
    assert messages.count_shown(tx, "ours", "ours-id", week[1], week[1] + SECOND) == 0
    want(tx, "going")
    (going,) = messages.due(tx, NOW, 10)
    messages.claim(tx, going.message, LEASE)
    assert messages.count_shown(tx, "ours", "ours-id", *week) == 2


def test_a_message_from_memory_is_no_proof(tx: Connection, circle: str) -> None:
    want(tx, "a")
    assert messages.claim(tx, replace(only(tx), circle_id="theirs"), LEASE) is None


# paced

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
        if messages.token(buckets, "k", Limit(rate, burst), now) is None:
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
        if until := messages.token(buckets, "k", Limit(rate, burst), now):
            assert until > now
            now = until
            assert messages.token(buckets, "k", Limit(rate, burst), now) is None


@settings(deadline=None)
@given(burst=st.integers(1, 20), wait=st.integers(1, 60_000), used=st.integers(0, 25))
def test_asked_to_wait_everybody_waits(buckets: Connection, burst: int, wait: int, used: int) -> None:
    """However large the burst, and however much of it was left. `wait` in milliseconds."""
    buckets.execute(tables.bucket.delete())
    pace, until = Limit(1.0, burst), NOW + timedelta(milliseconds=wait)
    for _ in range(used):
        messages.token(buckets, "k", pace, NOW)
    messages.hold(buckets, "k", until)
    messages.hold(buckets, "k", until - timedelta(milliseconds=wait // 2))
    for moment in (NOW, until - timedelta(milliseconds=1)):
        told = messages.token(buckets, "k", pace, moment)
        assert told is not None
        assert told >= until
    assert messages.token(buckets, "another", pace, NOW) is None


def test_every_turn_of_a_pace_of_one_is_apart(buckets: Connection) -> None:
    buckets.execute(tables.bucket.delete())
    granted: list[datetime] = []
    now = NOW
    while len(granted) < 10:
        until = messages.token(buckets, "k", Limit(1.0), now)
        granted += [] if until else [now]
        now = until or now
    assert {b - a for a, b in pairwise(granted)} == {SECOND}


def test_old_buckets_are_forgotten(buckets: Connection) -> None:
    buckets.execute(tables.bucket.delete())
    messages.token(buckets, "k", Limit(1.0), NOW)
    messages.hold(buckets, "k", NOW + SECOND)
    messages.forget_buckets(buckets, NOW + timedelta(minutes=1))
    assert buckets.execute(tables.bucket.select()).all() == []
