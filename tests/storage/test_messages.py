"""Messages as features use them: request, redraw, recall, restore, reschedule, retry."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.domain.message import AUTHOR, POST, Obstacle, State
from storage import deliveries, messages
from storage.messages import Recipient
from storage.transaction import CircleTransaction
from tests.storage.rows import NOW
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


def test_requesting_twice_makes_one_row_an_address(tx: Connection, circle: str) -> None:
    assert request(tx, "a", "b") == 2
    assert request(tx, "a", "b", "c") == 1
    assert request(tx, "a", subject="another") == 1


def test_a_redraw_does_not_hurry_what_has_not_left(tx: Connection, circle: str) -> None:
    request(tx, "a", due_at=NOW + SECOND)
    redraw(tx)
    message = only(tx)
    assert (message.state, message.due_at) == (State.WAITING, NOW + SECOND)


def test_redraws_become_one_at_the_moment_of_the_first(tx: Connection, circle: str) -> None:
    request(tx, "a")
    shown(tx)
    redraw(tx, after=2 * SECOND)
    messages.redraw(CircleTransaction(tx, "ours"), POST, "s", NOW + SECOND, after=2 * SECOND)
    message = only(tx)
    assert (message.state, message.wanted_version, message.due_at) == (State.WAITING, 3, NOW + 2 * SECOND)
    stand(tx, claimed(tx), "ref")
    assert (only(tx).state, only(tx).shown_version) == (State.SHOWN, 3)


def test_a_redraw_while_it_is_sent_makes_it_due_again(tx: Connection, circle: str) -> None:
    request(tx, "a")
    held = claimed(tx)
    redraw(tx)
    assert only(tx).state is State.SENDING
    assert stand(tx, held, "ref")
    message = only(tx)
    assert (message.state, message.shown_version, message.wanted_version) == (State.WAITING, 1, 2)


def test_a_redraw_can_be_for_one_person(tx: Connection, circle: str) -> None:
    request(tx, "a")
    shown(tx)
    messages.redraw_for(CircleTransaction(tx, "ours"), "somebody-else", "s", NOW)
    assert only(tx).state is State.SHOWN
    messages.redraw_for(CircleTransaction(tx, "ours"), "ours-id", "s", NOW)
    assert only(tx).state is State.WAITING


def test_a_change_for_one_goes_before_a_change_for_all(tx: Connection, circle: str) -> None:
    for subject, kind in (("many", POST), ("answering", AUTHOR), ("one", POST)):
        there = [Recipient("ours-id", subject, "ours-id")]
        messages.request(CircleTransaction(tx, "ours"), kind, subject, there, NOW)
    for message in due(tx):
        held = claim(tx, message)
        assert held is not None
        stand(tx, held, "ref")
    messages.redraw_for(CircleTransaction(tx, "ours"), "ours-id", "one", NOW)
    messages.redraw(CircleTransaction(tx, "ours"), POST, "many", NOW)
    messages.redraw(CircleTransaction(tx, "ours"), POST, "one", NOW)
    messages.redraw(CircleTransaction(tx, "ours"), AUTHOR, "answering", NOW)
    assert [message.address for message in due(tx)] == ["one", "answering", "many"]


def test_a_change_that_was_drawn_is_one_of_many_again(tx: Connection, circle: str) -> None:
    request(tx, "a")
    shown(tx)
    messages.redraw_for(CircleTransaction(tx, "ours"), "ours-id", "s", NOW)
    assert deliveries.due_workspaces(tx, NOW)[0].ranks == (6,)
    shown(tx)
    redraw(tx)
    assert deliveries.due_workspaces(tx, NOW)[0].ranks == (3,)


def test_changes_go_before_news_and_news_by_priority(tx: Connection, circle: str) -> None:
    request(tx, "changed")
    shown(tx)
    request(tx, "fresh")
    messages.request(
        CircleTransaction(tx, "ours"), AUTHOR, "s", [Recipient("ours-id", "urgent", "ours-id")], NOW
    )
    redraw(tx)
    assert [message.address for message in due(tx)] == ["changed", "urgent", "fresh"]


def test_what_may_be_leaving_is_ambiguous_when_its_reader_leaves_the_circle(
    tx: Connection, circle: str
) -> None:
    request(tx, "a")
    held = claimed(tx)
    messages.recall_for(CircleTransaction(tx, "ours"), "ours-id", "left")
    assert only(tx).state is State.AMBIGUOUS
    assert not deliveries.holds_claim(tx, held)
    assert deliveries.to_look_for(tx, "ours-id", LEASE, 10) == [only(tx)]


def test_a_dead_message_is_listed_and_can_be_retried(tx: Connection, circle: str) -> None:
    request(tx, "a")
    assert deliveries.mark_dead(tx, claimed(tx), "channel_not_found", Obstacle.REFUSED)
    dead = only(tx)
    assert dead.last_error == "channel_not_found"
    assert messages.retry_undelivered(CircleTransaction(tx, "ours"), dead.id, NOW)
    assert not messages.retry_undelivered(CircleTransaction(tx, "ours"), dead.id, NOW)
    assert (only(tx).state, only(tx).attempt) == (State.WAITING, 0)


def test_all_that_are_dead_can_be_retried_without_those_that_may_have_arrived(
    tx: Connection, circle: str
) -> None:
    ours = CircleTransaction(tx, "ours")
    request(tx, "a")
    deliveries.mark_unknown(tx, ambiguous(tx).message, "lost")
    request(tx, "b", subject="another")
    (other,) = due(tx)
    deliveries.mark_dead(tx, claim(tx, other), "gone", Obstacle.REFUSED)
    assert messages.retry_all(CircleTransaction(tx, "theirs"), State.DEAD, NOW) == 0
    assert messages.retry_all(ours, State.DEAD, NOW) == 1
    assert messages.retry_all(ours, State.DEAD, NOW) == 0
    assert messages.retry_all(ours, State.UNKNOWN, NOW) == 1
    with pytest.raises(ValueError, match="nobody tries"):
        messages.retry_all(ours, State.SHOWN, NOW)


def test_what_is_on_its_way_to_an_address_is_known(tx: Connection, circle: str) -> None:
    ours = CircleTransaction(tx, "ours")
    request(tx, "a")
    assert messages.is_waiting(ours, POST, only(tx).address)
    assert not messages.is_waiting(ours, AUTHOR, only(tx).address)
    assert not messages.is_waiting(ours, POST, "elsewhere")
    shown(tx)
    assert not messages.is_waiting(ours, POST, only(tx).address)


def test_another_circle_can_retry_nothing(tx: Connection, circle: str) -> None:
    request(tx, "a")
    deliveries.mark_dead(tx, claimed(tx), "gone", Obstacle.REFUSED)
    assert not messages.retry_undelivered(CircleTransaction(tx, "theirs"), only(tx).id, NOW)
    assert messages.load(CircleTransaction(tx, "theirs"), only(tx).id) is None


def test_who_leaves_gets_nothing_more(tx: Connection, circle: str) -> None:
    request(tx, "waiting")
    seen = only(tx)
    messages.recall_for(CircleTransaction(tx, "ours"), "ours-id", "left")
    assert only(tx).state is State.DROPPED
    assert claim(tx, seen) is None


def test_rescheduling_for_a_person_keeps_the_moment_of_the_request(tx: Connection, circle: str) -> None:
    later = NOW + timedelta(hours=5)
    request(tx, "a", due_at=later)
    request(tx, "b")
    for message in due(tx):
        deliveries.postpone(tx, message, NOW + timedelta(days=1))
    messages.reschedule_for(CircleTransaction(tx, "ours"), "ours-id", NOW)
    assert [message.address for message in due(tx, later - SECOND)] == ["b"]
    (asked,) = [message for message in due(tx, later) if message.address == "a"]
    deliveries.postpone(tx, asked, later + timedelta(days=1))
    messages.reschedule_for(CircleTransaction(tx, "ours"), "ours-id", later + SECOND)
    assert {message.address for message in due(tx, later + SECOND)} == {"a", "b"}


def reschedule(tx: Connection, until: datetime) -> bool:
    return messages.reschedule(CircleTransaction(tx, "ours"), POST, "s", "ours-id", until)


def test_what_has_not_left_can_be_rescheduled(tx: Connection, circle: str) -> None:
    request(tx, "a", due_at=NOW + SECOND)
    old = only(tx)
    assert reschedule(tx, NOW + 3 * SECOND)
    assert claim(tx, old) is None
    assert (due(tx, NOW + 2 * SECOND), len(due(tx, NOW + 3 * SECOND))) == ([], 1)
    deliveries.drop(tx, only(tx), messages.NOTHING_TO_SHOW)
    assert reschedule(tx, NOW)
    assert not messages.reschedule(CircleTransaction(tx, "ours"), AUTHOR, "s", "ours-id", NOW)
    message = claimed(tx)
    assert not reschedule(tx, NOW + SECOND)
    stand(tx, message, "ref")
    assert not reschedule(tx, NOW + SECOND)
