"""Deliveries as the pump uses them: what is due, claims, outcomes, looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event

from bot.domain.message import AUTHOR, POST, Obstacle, State
from storage import deliveries, messages, tables
from storage.messages import Recipient
from storage.transaction import CircleTransaction
from tests.storage.rows import NOW, fill
from tests.storage.steps import (
    LEASE,
    SECOND,
    ambiguous,
    claim,
    claimed,
    due,
    only,
    redraw,
    request,
    shown,
    stand,
)


def test_what_waits_is_due_when_its_moment_has_come(tx: Connection, circle: str) -> None:
    request(tx, "now")
    request(tx, "later", due_at=NOW + SECOND)
    assert [message.address for message in due(tx)] == ["now"]
    assert [message.address for message in due(tx, NOW + SECOND)] == ["now", "later"]
    assert deliveries.next_due(tx) == NOW


def test_a_large_workspace_takes_its_share_and_no_more(tx: Connection, circle: str) -> None:
    fill(tx, "theirs")
    request(tx, *(f"a{n}" for n in range(50)))
    messages.request(
        CircleTransaction(tx, "theirs"), POST, "s", [Recipient("theirs-id", "b", "theirs-id")], NOW
    )
    addresses = [message.address for message in due(tx, NOW, 3)]
    assert len([address for address in addresses if address.startswith("a")]) == 3
    assert "b" in addresses


@pytest.mark.parametrize("more", [-1, 0, 50])
def test_however_much_is_due_elsewhere_each_workspace_is_found(
    tx: Connection, circle: str, more: int
) -> None:
    """The one that is due last too, and in the order of their ranks."""
    fill(tx, "theirs")
    tx.execute(tables.message.delete())
    request(tx, *(f"a{n}" for n in range(deliveries.KNOWN + more)))
    theirs = [Recipient("theirs-id", "b", "theirs-id")]
    messages.request(CircleTransaction(tx, "theirs"), AUTHOR, "s", theirs, NOW, due_at=NOW + SECOND)
    assert [(each.id, each.ranks) for each in deliveries.due_workspaces(tx, NOW)] == [("ours-id", (0,))]
    found = [(each.id, each.ranks) for each in deliveries.due_workspaces(tx, NOW + SECOND)]
    assert found == [("theirs-id", (1,)), ("ours-id", (0,))]


def test_both_ways_of_finding_what_is_due_agree(tx: Connection, circle: str) -> None:
    request(tx, "shown")
    shown(tx)
    redraw(tx)
    request(tx, "a", "b", subject="another")
    request(tx, "later", due_at=NOW + SECOND)
    ambiguous = next(message for message in due(tx) if message.address == "a")
    claim(tx, ambiguous)
    for moment in (NOW, NOW + SECOND, LEASE + SECOND):
        deliveries.expire_claims(tx, moment, LEASE + 9 * SECOND)
        by_oldest, by_workspace = (
            [row[:3] for row in tx.execute(statement, {"now": moment})]
            for statement in (deliveries._due_by_oldest, deliveries._due_by_workspace)
        )
        assert by_oldest == by_workspace
    assert [row[2] for row in by_oldest] == [3, 0, -1]


def test_what_was_changed_since_it_was_drawn_is_not_claimed(tx: Connection, circle: str) -> None:
    """On PostgreSQL the change may be committed between the drawing and the claim."""
    request(tx, "a")
    drawn = only(tx)
    redraw(tx)
    assert claim(tx, drawn) is None
    assert claim(tx, only(tx)) is not None


def test_of_two_claims_one_wins(tx: Connection, circle: str) -> None:
    request(tx, "a")
    seen = only(tx)
    first = claim(tx, seen)
    assert first is not None
    assert (first.state, first.attempt, first.fence) == (State.SENDING, 1, seen.fence + 1)
    assert claim(tx, seen) is None
    assert claim(tx, first) is None
    assert due(tx) == []


def test_a_claim_is_held_until_it_is_settled_or_over(tx: Connection, circle: str) -> None:
    request(tx, "a")
    held = claimed(tx)
    assert deliveries.holds_claim(tx, held)
    deliveries.expire_claims(tx, LEASE + SECOND, LEASE + 9 * SECOND)
    assert not deliveries.holds_claim(tx, held)


def test_nothing_changes_under_an_old_fence(tx: Connection, circle: str) -> None:
    request(tx, "a")
    shown(tx)
    redraw(tx)
    slow = claimed(tx)
    deliveries.expire_claims(tx, LEASE + SECOND, LEASE + 9 * SECOND)
    quick = claimed(tx)
    before = only(tx)
    assert not stand(tx, slow, "late")
    assert not deliveries.retry(tx, slow, NOW, "late")
    assert not deliveries.wait_longer(tx, slow, NOW, "late")
    assert not deliveries.mark_dead(tx, slow, "late", Obstacle.REFUSED)
    assert not deliveries.keep_claim(tx, slow, "late")
    deliveries.postpone(tx, slow, NOW + SECOND)
    deliveries.drop(tx, slow, "late")
    assert only(tx) == before
    assert stand(tx, quick, "ref")


def test_a_lease_that_is_not_over_is_left_alone(tx: Connection, circle: str) -> None:
    request(tx, "a")
    claimed(tx)
    assert deliveries.expire_claims(tx, LEASE, LEASE) == []
    assert only(tx).state is State.SENDING


def test_a_first_send_whose_lease_is_over_is_looked_for(tx: Connection, circle: str) -> None:
    request(tx, "a")
    claimed(tx)
    assert deliveries.to_look_for(tx, "ours-id", LEASE + SECOND, 10) == []
    assert deliveries.expire_claims(tx, LEASE + SECOND, LEASE + 9 * SECOND) == [only(tx)]
    assert only(tx).state is State.AMBIGUOUS
    assert due(tx, LEASE + timedelta(days=1)) == []
    assert deliveries.due_workspaces(tx, LEASE + SECOND) == [
        deliveries.DueWorkspace("ours-id", "ours-platform", looks=True)
    ]
    (message,) = deliveries.to_look_for(tx, "ours-id", LEASE + SECOND, 10)
    look = deliveries.start_look(tx, message, LEASE + timedelta(minutes=1))
    assert look is not None
    assert (look.since, look.number) == (NOW, 1)
    assert deliveries.start_look(tx, message, LEASE) is None
    assert deliveries.due_workspaces(tx, LEASE + SECOND) == []


def test_what_is_found_stands_in_the_version_that_was_claimed(tx: Connection, circle: str) -> None:
    request(tx, "a")
    look = ambiguous(tx)
    redraw(tx)
    assert only(tx).state is State.AMBIGUOUS
    assert deliveries.adopt(tx, look.message, "found", NOW)
    message = only(tx)
    assert (message.state, message.reference) == (State.WAITING, "found")
    assert (message.shown_version, message.wanted_version) == (1, 2)
    assert not deliveries.adopt(tx, replace(look.message, fence=0), "late", NOW)


def test_another_reference_is_drawn_anew(tx: Connection, circle: str) -> None:
    request(tx, "a")
    message = shown(tx)
    assert deliveries.adopt(tx, message, "ref", NOW)
    assert only(tx) == message
    assert deliveries.adopt(tx, message, "older", NOW)
    assert (only(tx).state, only(tx).reference) == (State.WAITING, "older")


def test_what_is_not_found_leaves_again(tx: Connection, circle: str) -> None:
    request(tx, "a")
    look = ambiguous(tx)
    assert deliveries.resend(tx, look.message, NOW)
    assert (only(tx).state, only(tx).attempt, only(tx).id) == (State.WAITING, 1, look.message.id)


def test_an_unknown_message_rests(tx: Connection, circle: str) -> None:
    request(tx, "a")
    look = ambiguous(tx)
    assert deliveries.mark_unknown(tx, look.message, "lost")
    assert due(tx, LEASE + timedelta(days=1)) == []
    assert deliveries.due_workspaces(tx, LEASE + timedelta(days=1)) == []
    redraw(tx)
    assert only(tx).state is State.UNKNOWN
    assert only(tx).last_error == "lost"


def test_a_change_whose_lease_is_over_is_drawn_again(tx: Connection, circle: str) -> None:
    request(tx, "a")
    shown(tx)
    redraw(tx)
    claimed(tx)
    assert deliveries.expire_claims(tx, LEASE + SECOND, LEASE + 9 * SECOND) == [only(tx)]
    assert only(tx).state is State.WAITING


def test_a_lost_answer_keeps_its_claim(tx: Connection, circle: str) -> None:
    request(tx, "a")
    assert deliveries.keep_claim(tx, claimed(tx), "no answer")
    message = only(tx)
    assert (message.state, message.last_error) == (State.SENDING, "no answer")


def test_postponed_and_dropped(tx: Connection, circle: str) -> None:
    request(tx, "a")
    deliveries.postpone(tx, only(tx), NOW + SECOND)
    assert due(tx) == []
    deliveries.drop(tx, only(tx), "stale")
    assert due(tx, NOW + SECOND) == []
    assert (only(tx).state, only(tx).last_error) == (State.DROPPED, "stale")


def test_a_retry_is_an_attempt_and_being_asked_to_wait_is_none(tx: Connection, circle: str) -> None:
    request(tx, "a")
    assert deliveries.retry(tx, claimed(tx), NOW, "503")
    assert only(tx).attempt == 1
    assert deliveries.wait_longer(tx, claimed(tx), NOW, "429")
    assert only(tx).attempt == 1


def test_the_ceiling_counts_what_was_shown_and_what_is_on_its_way(tx: Connection, circle: str) -> None:
    request(tx, "shown")
    shown(tx)
    week = (NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert deliveries.count_shown(CircleTransaction(tx, "ours"), ["ours-id"], *week) == {"ours-id": 1}
    assert deliveries.count_shown(CircleTransaction(tx, "ours"), ["ours-id"], week[1], week[1] + SECOND) == {}
    request(tx, "going")
    (going,) = due(tx)
    claim(tx, going)
    assert deliveries.count_shown(CircleTransaction(tx, "ours"), ["ours-id"], *week) == {"ours-id": 2}
    deliveries.expire_claims(tx, LEASE + SECOND, LEASE + 9 * SECOND)
    assert deliveries.count_shown(CircleTransaction(tx, "ours"), ["ours-id"], *week) == {"ours-id": 2}


def test_a_message_of_another_circle_is_not_claimed(tx: Connection, circle: str) -> None:
    request(tx, "a")
    assert claim(tx, replace(only(tx), circle_id="theirs")) is None


def test_many_are_claimed_at_once_except_those_that_others_have(tx: Connection, circle: str) -> None:
    request(tx, *"abcd")
    seen = due(tx)
    assert claim(tx, seen[0])
    deliveries.drop(tx, seen[1], "left")
    mine = deliveries.claim(tx, seen, NOW, LEASE)
    assert [message.address for message in mine] == [message.address for message in seen[2:]]
    assert mine == [messages.load(CircleTransaction(tx, "ours"), message.id) for message in mine]


def test_of_many_that_are_shown_those_whose_claim_was_lost_stay_as_they_are(
    tx: Connection, circle: str
) -> None:
    request(tx, *"abc")
    lost, *held = deliveries.claim(tx, due(tx), NOW, LEASE)
    deliveries.mark_dead(tx, lost, "gone", Obstacle.REFUSED)
    there = [(message, f"ref-{message.address}") for message in (lost, *held)]
    assert deliveries.mark_shown(tx, [(replace(lost, fence=lost.fence - 1), "late"), *there[1:]], NOW) == held
    for message in held:
        stands = messages.load(CircleTransaction(tx, "ours"), message.id)
        assert stands is not None
        assert (stands.state, stands.reference) == (State.SHOWN, f"ref-{message.address}")


EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}
BY_THE_KEY = {"sqlite": "(circle_id=? AND id=?)", "postgresql": "pk_message"}


def explained(tx: Connection) -> list[str]:
    """Have each statement explained from now on. Returns those that were."""
    asked: list[str] = []

    def note(*event: Any) -> tuple[str, Any]:
        asked.append(event[2])
        return f"{EXPLAIN[tx.dialect.name]} {event[2]}", event[3]

    event.listen(tx, "before_cursor_execute", note, retval=True)
    return asked


def test_after_many_the_database_knows_its_table(tx: Connection, circle: str) -> None:
    """Else PostgreSQL reads the whole circle for each turn, until it counts by itself."""
    request(tx, *(f"slack:T1:U{number}" for number in range(3 * messages.MANY)))
    waiting = due(tx)[:40]
    asked = explained(tx)
    rows = [{**deliveries._key(message), "as_read": 1} for message in waiting]
    plan = " ".join(str(row) for row in deliveries._claim.run(tx, rows, until=NOW, moment=NOW))
    assert asked
    assert plan.count(BY_THE_KEY[tx.dialect.name]) == 2


def test_a_look_does_not_read_what_waits_for_later(tx: Connection, circle: str) -> None:
    request(tx, *(f"slack:T1:U{number}" for number in range(3 * messages.MANY)), due_at=LEASE)
    asked = explained(tx)
    plan = " ".join(str(row) for row in tx.execute(deliveries._due_by_oldest, {"now": NOW}).all())
    assert asked
    assert "ix_message_due_at" in plan
    assert "ix_message_look_at" in plan
    assert "ix_message_state" not in plan
