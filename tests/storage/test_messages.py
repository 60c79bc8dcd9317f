"""Message rows: what is wanted, who may send it, and how fast."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event

from bot.domain.message import AUTHOR, POST, Message, State
from storage import messages, tables
from storage.messages import Recipient
from storage.transaction import CircleTransaction
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
    return messages.want(CircleTransaction(tx, "ours"), POST, subject, recipients, NOW, **more)  # type: ignore[arg-type]


def only(tx: Connection) -> Message:
    (row,) = tx.execute(tables.message.select())
    found = messages.load(CircleTransaction(tx, "ours"), row.id)
    assert found is not None
    return found


def claim(tx: Connection, message: Message) -> Message | None:
    return next(iter(messages.claim(tx, [message], NOW, LEASE)), None)


def stand(tx: Connection, message: Message, reference: str) -> bool:
    return bool(messages.shown(tx, [(message, reference)], NOW))


def claimed(tx: Connection) -> Message:
    message = claim(tx, only(tx))
    assert message is not None
    return message


def due(tx: Connection, now: datetime = NOW, most: int = 10) -> list[Message]:
    """In the order in which one workspace's messages leave."""
    return [
        message
        for queue in messages.queues(tx, now)
        for rank in queue.ranks
        for message in messages.due(tx, queue.workspace_id, rank, now, most)
    ]


def shown(tx: Connection) -> Message:
    assert stand(tx, claimed(tx), "ref")
    return only(tx)


def bump(tx: Connection, **more: object) -> None:
    messages.bump(CircleTransaction(tx, "ours"), POST, "s", NOW, **more)  # type: ignore[arg-type]


# wanted


def test_wanting_twice_makes_one_row_an_address(tx: Connection, circle: str) -> None:
    assert want(tx, "a", "b") == 2
    assert want(tx, "a", "b", "c") == 1
    assert want(tx, "a", subject="another") == 1


def test_what_waits_is_due_when_its_moment_has_come(tx: Connection, circle: str) -> None:
    want(tx, "now")
    want(tx, "later", due_at=NOW + SECOND)
    assert [message.address for message in due(tx)] == ["now"]
    assert [message.address for message in due(tx, NOW + SECOND)] == ["now", "later"]
    assert messages.next_due(tx) == NOW


def test_a_large_workspace_takes_its_share_and_no_more(tx: Connection, circle: str) -> None:
    fill(tx, "theirs")
    want(tx, *(f"a{n}" for n in range(50)))
    messages.want(CircleTransaction(tx, "theirs"), POST, "s", [Recipient("theirs-id", "b", "theirs-id")], NOW)
    addresses = [message.address for message in due(tx, NOW, 3)]
    assert len([address for address in addresses if address.startswith("a")]) == 3
    assert "b" in addresses


def test_changes_go_before_news_and_news_by_priority(tx: Connection, circle: str) -> None:
    want(tx, "changed")
    shown(tx)
    want(tx, "fresh")
    messages.want(
        CircleTransaction(tx, "ours"), AUTHOR, "s", [Recipient("ours-id", "urgent", "ours-id")], NOW
    )
    bump(tx)
    assert [message.address for message in due(tx)] == ["changed", "urgent", "fresh"]


def test_a_change_for_one_goes_before_a_change_for_all(tx: Connection, circle: str) -> None:
    for subject, kind in (("many", POST), ("answering", AUTHOR), ("one", POST)):
        there = [Recipient("ours-id", subject, "ours-id")]
        messages.want(CircleTransaction(tx, "ours"), kind, subject, there, NOW)
    for message in due(tx):
        held = claim(tx, message)
        assert held is not None
        stand(tx, held, "ref")
    messages.bump_for(CircleTransaction(tx, "ours"), "ours-id", "one", NOW)
    messages.bump(CircleTransaction(tx, "ours"), POST, "many", NOW)
    messages.bump(CircleTransaction(tx, "ours"), POST, "one", NOW)
    messages.bump(CircleTransaction(tx, "ours"), AUTHOR, "answering", NOW)
    assert [message.address for message in due(tx)] == ["one", "answering", "many"]


def test_a_change_that_was_drawn_is_one_of_many_again(tx: Connection, circle: str) -> None:
    want(tx, "a")
    shown(tx)
    messages.bump_for(CircleTransaction(tx, "ours"), "ours-id", "s", NOW)
    assert messages.queues(tx, NOW)[0].ranks == (6,)
    shown(tx)
    bump(tx)
    assert messages.queues(tx, NOW)[0].ranks == (3,)


# bumped


def test_a_bump_does_not_hasten_what_has_not_left(tx: Connection, circle: str) -> None:
    want(tx, "a", due_at=NOW + SECOND)
    bump(tx)
    message = only(tx)
    assert (message.state, message.due_at) == (State.WAITING, NOW + SECOND)


def test_what_was_changed_since_it_was_drawn_is_not_claimed(tx: Connection, circle: str) -> None:
    """On PostgreSQL the change may be committed between the drawing and the claim."""
    want(tx, "a")
    drawn = only(tx)
    bump(tx)
    assert claim(tx, drawn) is None
    assert claim(tx, only(tx)) is not None


def test_bumps_become_one_after_the_first_ones_pause(tx: Connection, circle: str) -> None:
    want(tx, "a")
    shown(tx)
    bump(tx, after=2 * SECOND)
    messages.bump(CircleTransaction(tx, "ours"), POST, "s", NOW + SECOND, after=2 * SECOND)
    message = only(tx)
    assert (message.state, message.wanted_version, message.due_at) == (State.WAITING, 3, NOW + 2 * SECOND)
    stand(tx, claimed(tx), "ref")
    assert (only(tx).state, only(tx).shown_version) == (State.SHOWN, 3)


def test_a_bump_while_it_is_sent_makes_it_due_again(tx: Connection, circle: str) -> None:
    want(tx, "a")
    held = claimed(tx)
    bump(tx)
    assert only(tx).state is State.SENDING
    assert stand(tx, held, "ref")
    message = only(tx)
    assert (message.state, message.shown_version, message.wanted_version) == (State.WAITING, 1, 2)


def test_a_bump_can_be_for_one_person(tx: Connection, circle: str) -> None:
    want(tx, "a")
    shown(tx)
    messages.bump_for(CircleTransaction(tx, "ours"), "somebody-else", "s", NOW)
    assert only(tx).state is State.SHOWN
    messages.bump_for(CircleTransaction(tx, "ours"), "ours-id", "s", NOW)
    assert only(tx).state is State.WAITING


# claimed


def test_of_two_claims_one_wins(tx: Connection, circle: str) -> None:
    want(tx, "a")
    seen = only(tx)
    first = claim(tx, seen)
    assert first is not None
    assert (first.state, first.attempt, first.fence) == (State.SENDING, 1, seen.fence + 1)
    assert claim(tx, seen) is None
    assert claim(tx, first) is None
    assert due(tx) == []


def test_a_claim_is_held_until_it_is_settled_or_over(tx: Connection, circle: str) -> None:
    want(tx, "a")
    held = claimed(tx)
    assert messages.holds(tx, held)
    messages.reap(tx, LEASE + SECOND, LEASE + 9 * SECOND)
    assert not messages.holds(tx, held)


def test_who_lost_the_fence_changes_nothing(tx: Connection, circle: str) -> None:
    want(tx, "a")
    shown(tx)
    bump(tx)
    slow = claimed(tx)
    messages.reap(tx, LEASE + SECOND, LEASE + 9 * SECOND)
    quick = claimed(tx)
    before = only(tx)
    assert not stand(tx, slow, "late")
    assert not messages.retry(tx, slow, NOW, "late")
    assert not messages.wait_longer(tx, slow, NOW, "late")
    assert not messages.bury(tx, slow, "late")
    assert not messages.linger(tx, slow, "late")
    messages.postpone(tx, slow, NOW + SECOND)
    messages.drop(tx, slow, "late")
    assert only(tx) == before
    assert stand(tx, quick, "ref")


def test_a_lease_that_is_not_over_is_left_alone(tx: Connection, circle: str) -> None:
    want(tx, "a")
    claimed(tx)
    assert messages.reap(tx, LEASE, LEASE) == []
    assert only(tx).state is State.SENDING


def in_doubt(tx: Connection) -> messages.Look:
    """Taken to be looked for."""
    claimed(tx)
    messages.reap(tx, LEASE + SECOND, LEASE + 9 * SECOND)
    (message,) = messages.to_look_for(tx, "ours-id", LEASE + SECOND, 10)
    look = messages.look(tx, message, LEASE + timedelta(minutes=1))
    assert look is not None
    return look


def test_a_first_send_whose_lease_is_over_is_looked_for(tx: Connection, circle: str) -> None:
    want(tx, "a")
    claimed(tx)
    assert messages.to_look_for(tx, "ours-id", LEASE + SECOND, 10) == []
    assert messages.reap(tx, LEASE + SECOND, LEASE + 9 * SECOND) == [only(tx)]
    assert only(tx).state is State.AMBIGUOUS
    assert due(tx, LEASE + timedelta(days=1)) == []
    assert messages.queues(tx, LEASE + SECOND) == [messages.Queue("ours-id", "ours-platform", looks=True)]
    (message,) = messages.to_look_for(tx, "ours-id", LEASE + SECOND, 10)
    look = messages.look(tx, message, LEASE + timedelta(minutes=1))
    assert look is not None
    assert (look.since, look.number) == (NOW, 1)
    assert messages.look(tx, message, LEASE) is None
    assert messages.queues(tx, LEASE + SECOND) == []


def test_what_is_found_stands_in_the_version_that_was_claimed(tx: Connection, circle: str) -> None:
    want(tx, "a")
    look = in_doubt(tx)
    bump(tx)
    assert only(tx).state is State.AMBIGUOUS
    assert messages.adopt(tx, look.message, "found", NOW)
    message = only(tx)
    assert (message.state, message.reference) == (State.WAITING, "found")
    assert (message.shown_version, message.wanted_version) == (1, 2)
    assert not messages.adopt(tx, replace(look.message, fence=0), "late", NOW)


def test_another_reference_is_drawn_anew(tx: Connection, circle: str) -> None:
    want(tx, "a")
    message = shown(tx)
    assert messages.adopt(tx, message, "ref", NOW)
    assert only(tx) == message
    assert messages.adopt(tx, message, "older", NOW)
    assert (only(tx).state, only(tx).reference) == (State.WAITING, "older")


def test_what_is_not_found_leaves_again(tx: Connection, circle: str) -> None:
    want(tx, "a")
    look = in_doubt(tx)
    assert messages.resend(tx, look.message, NOW)
    assert (only(tx).state, only(tx).attempt, only(tx).id) == (State.WAITING, 1, look.message.id)


def test_what_cannot_be_known_rests(tx: Connection, circle: str) -> None:
    want(tx, "a")
    look = in_doubt(tx)
    assert messages.rest_unknown(tx, look.message, "lost")
    assert due(tx, LEASE + timedelta(days=1)) == []
    assert messages.queues(tx, LEASE + timedelta(days=1)) == []
    bump(tx)
    assert only(tx).state is State.UNKNOWN
    assert [dead.last_error for dead in messages.dead(CircleTransaction(tx, "ours"), 10)] == ["lost"]


def test_what_is_just_leaving_is_in_doubt_when_its_reader_goes(tx: Connection, circle: str) -> None:
    want(tx, "a")
    held = claimed(tx)
    messages.drop_all_for(CircleTransaction(tx, "ours"), "ours-id", "left")
    assert only(tx).state is State.AMBIGUOUS
    assert not messages.holds(tx, held)
    assert messages.to_look_for(tx, "ours-id", LEASE, 10) == [only(tx)]


def test_a_change_whose_lease_is_over_is_drawn_again(tx: Connection, circle: str) -> None:
    want(tx, "a")
    shown(tx)
    bump(tx)
    claimed(tx)
    assert messages.reap(tx, LEASE + SECOND, LEASE + 9 * SECOND) == [only(tx)]
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
    assert due(tx) == []
    messages.drop(tx, only(tx), "stale")
    assert due(tx, NOW + SECOND) == []
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
    (dead,) = messages.dead(CircleTransaction(tx, "ours"), 10)
    assert dead.last_error == "channel_not_found"
    assert messages.revive(CircleTransaction(tx, "ours"), dead.id, NOW)
    assert not messages.revive(CircleTransaction(tx, "ours"), dead.id, NOW)
    assert (only(tx).state, only(tx).attempt) == (State.WAITING, 0)


def test_another_circle_revives_nothing(tx: Connection, circle: str) -> None:
    want(tx, "a")
    messages.bury(tx, claimed(tx), "gone")
    assert not messages.revive(CircleTransaction(tx, "theirs"), only(tx).id, NOW)
    assert messages.load(CircleTransaction(tx, "theirs"), only(tx).id) is None


def test_who_leaves_gets_nothing_more(tx: Connection, circle: str) -> None:
    want(tx, "waiting")
    seen = only(tx)
    messages.drop_all_for(CircleTransaction(tx, "ours"), "ours-id", "left")
    assert only(tx).state is State.DROPPED
    assert claim(tx, seen) is None


def test_what_is_hastened_keeps_the_moment_it_was_asked_for(tx: Connection, circle: str) -> None:
    later = NOW + timedelta(hours=5)
    want(tx, "a", due_at=later)
    want(tx, "b")
    for message in due(tx):
        messages.postpone(tx, message, NOW + timedelta(days=1))
    messages.hasten(CircleTransaction(tx, "ours"), "ours-id", NOW)
    assert [message.address for message in due(tx, later - SECOND)] == ["b"]
    (asked,) = [message for message in due(tx, later) if message.address == "a"]
    messages.postpone(tx, asked, later + timedelta(days=1))
    messages.hasten(CircleTransaction(tx, "ours"), "ours-id", later + SECOND)
    assert {message.address for message in due(tx, later + SECOND)} == {"a", "b"}


def put_off(tx: Connection, until: datetime) -> bool:
    return messages.put_off(CircleTransaction(tx, "ours"), POST, "s", "ours-id", until)


def test_what_has_not_left_can_be_put_off(tx: Connection, circle: str) -> None:
    want(tx, "a", due_at=NOW + SECOND)
    old = only(tx)
    assert put_off(tx, NOW + 3 * SECOND)
    assert claim(tx, old) is None
    assert (due(tx, NOW + 2 * SECOND), len(due(tx, NOW + 3 * SECOND))) == ([], 1)
    messages.drop(tx, only(tx), messages.NOTHING_TO_SHOW)
    assert put_off(tx, NOW)
    assert not messages.put_off(CircleTransaction(tx, "ours"), AUTHOR, "s", "ours-id", NOW)
    message = claimed(tx)
    assert not put_off(tx, NOW + SECOND)
    stand(tx, message, "ref")
    assert not put_off(tx, NOW + SECOND)


def test_the_ceiling_counts_what_was_shown_and_what_is_on_its_way(tx: Connection, circle: str) -> None:
    want(tx, "shown")
    shown(tx)
    week = (NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert messages.count_shown(CircleTransaction(tx, "ours"), ["ours-id"], *week) == {"ours-id": 1}
    assert messages.count_shown(CircleTransaction(tx, "ours"), ["ours-id"], week[1], week[1] + SECOND) == {}
    want(tx, "going")
    (going,) = due(tx)
    claim(tx, going)
    assert messages.count_shown(CircleTransaction(tx, "ours"), ["ours-id"], *week) == {"ours-id": 2}
    messages.reap(tx, LEASE + SECOND, LEASE + 9 * SECOND)
    assert messages.count_shown(CircleTransaction(tx, "ours"), ["ours-id"], *week) == {"ours-id": 2}


def test_a_message_from_memory_is_no_proof(tx: Connection, circle: str) -> None:
    want(tx, "a")
    assert claim(tx, replace(only(tx), circle_id="theirs")) is None


def test_many_are_claimed_at_once_but_for_those_that_others_have(tx: Connection, circle: str) -> None:
    want(tx, *"abcd")
    seen = due(tx)
    assert claim(tx, seen[0])
    messages.drop(tx, seen[1], "left")
    mine = messages.claim(tx, seen, NOW, LEASE)
    assert [message.address for message in mine] == [message.address for message in seen[2:]]
    assert mine == [messages.load(CircleTransaction(tx, "ours"), message.id) for message in mine]


def test_of_many_that_stand_those_whose_claim_was_lost_are_left_alone(tx: Connection, circle: str) -> None:
    want(tx, *"abc")
    lost, *held = messages.claim(tx, due(tx), NOW, LEASE)
    messages.bury(tx, lost, "gone")
    there = [(message, f"ref-{message.address}") for message in (lost, *held)]
    assert messages.shown(tx, [(replace(lost, fence=lost.fence - 1), "late"), *there[1:]], NOW) == held
    for message in held:
        stands = messages.load(CircleTransaction(tx, "ours"), message.id)
        assert stands is not None
        assert (stands.state, stands.reference) == (State.SHOWN, f"ref-{message.address}")


EXPLAIN = {
    "sqlite": ("EXPLAIN QUERY PLAN", "(circle_id=? AND id=?)"),
    "postgresql": ("EXPLAIN", "pk_message"),
}


def test_after_many_the_database_knows_its_table(tx: Connection, circle: str) -> None:
    """Else PostgreSQL reads the whole circle for each turn, until it counts by itself."""
    want(tx, *(f"slack:T1:U{number}" for number in range(3 * messages.MANY)))
    waiting = due(tx)[:40]
    explain, by_the_key = EXPLAIN[tx.dialect.name]
    asked: list[str] = []

    def note(*event: Any) -> tuple[str, Any]:
        asked.append(event[2])
        return f"{explain} {event[2]}", event[3]

    event.listen(tx, "before_cursor_execute", note, retval=True)
    rows = [{**messages._key(message), "as_read": 1} for message in waiting]
    plan = " ".join(str(row) for row in messages._claim.run(tx, rows, until=NOW, moment=NOW))
    assert asked
    assert plan.count(by_the_key) == 2
