"""The states of a message: the table, the SQL that changes them, the trigger that checks it, the diagram."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import DBAPIError

from bot.domain.message import POST, TRANSITIONS, Message, Mover, Obstacle, State, Transition
from storage import deliveries, messages, tables
from storage.messages import Recipient
from storage.transaction import CircleTransaction
from tests import transitions
from tests.storage.rows import NOW, fill

ROOT = Path(__file__).parents[2]
SECOND = timedelta(seconds=1)
LEASE, SWEEP = NOW + 60 * SECOND, NOW + 90 * SECOND
LATER = NOW + 61 * SECOND


class One:
    """The one message of a circle, and what happens to it."""

    def __init__(self, tx: Connection) -> None:
        self.tx = tx
        self.circle = CircleTransaction(tx, "ours")

    @property
    def message(self) -> Message:
        found = messages.load(self.circle, self.tx.execute(select(tables.message.c.id)).scalar_one())
        assert found is not None
        return found

    def requested(self) -> None:
        messages.request(self.circle, POST, "s", [Recipient("ours-id", "a", "ours-id")], NOW)

    def claimed(self) -> Message:
        if not self.tx.execute(select(tables.message.c.id)).first():
            self.requested()
        (message,) = deliveries.claim(self.tx, [self.message], NOW, LEASE)
        return message

    def shown(self) -> None:
        deliveries.mark_shown(self.tx, [(self.claimed(), "ref")], NOW)

    def redrawn(self) -> None:
        messages.redraw(self.circle, POST, "s", NOW)

    def dropped(self) -> None:
        self.requested()
        deliveries.drop_if_unchanged(self.tx, self.message, messages.NOTHING_TO_SHOW)

    def removed(self) -> None:
        self.shown()
        self.redrawn()
        deliveries.drop(self.tx, self.claimed(), "removed")

    def dead(self) -> None:
        deliveries.mark_dead(self.tx, self.claimed(), "refused", Obstacle.REFUSED)

    def expired(self) -> None:
        deliveries.expire_claims(self.tx, LATER, SWEEP)

    def ambiguous(self) -> None:
        self.claimed()
        self.expired()

    def unknown(self) -> None:
        self.ambiguous()
        deliveries.mark_unknown(self.tx, self.message, "lost")

    def found(self, reference: str = "ref") -> None:
        deliveries.adopt(self.tx, self.message, reference, NOW)

    def recalled(self) -> None:
        messages.recall_for(self.circle, "ours-id", "left")

    def rescheduled(self) -> None:
        messages.reschedule(self.circle, POST, "s", "ours-id", LATER)

    def retried(self) -> None:
        messages.retry_undelivered(self.circle, self.message.id, NOW)


Step = Callable[[One], object]

BEFORE: dict[State, Step] = {
    State.WAITING: One.requested,
    State.SENDING: One.claimed,
    State.AMBIGUOUS: One.ambiguous,
    State.SHOWN: One.shown,
    State.DROPPED: One.dropped,
    State.DEAD: One.dead,
    State.UNKNOWN: One.unknown,
}


def dead_after_two_versions(one: One) -> None:
    one.requested()
    one.redrawn()
    one.dead()


FEATURE, PUMP, COMMS = Mover.FEATURE, Mover.PUMP, Mover.COMMS
WAITING, SENDING, AMBIGUOUS, SHOWN = State.WAITING, State.SENDING, State.AMBIGUOUS, State.SHOWN
DROPPED, DEAD, UNKNOWN = State.DROPPED, State.DEAD, State.UNKNOWN
EXAMPLES: dict[tuple[State, State, Mover], Step | tuple[Step, Step]] = {
    (WAITING, SENDING, PUMP): One.claimed,
    (WAITING, SHOWN, PUMP): One.found,
    (WAITING, DROPPED, FEATURE): One.recalled,
    (WAITING, DROPPED, PUMP): lambda one: deliveries.drop_if_unchanged(one.tx, one.message, "expired"),
    (WAITING, DEAD, PUMP): lambda one: deliveries.mark_dead(
        one.tx, one.message, "could not be drawn", Obstacle.REFUSED
    ),
    (SENDING, SHOWN, PUMP): lambda one: deliveries.mark_shown(one.tx, [(one.message, "ref")], NOW),
    (SENDING, WAITING, PUMP): lambda one: deliveries.retry(one.tx, one.message, LATER, "503"),
    (SENDING, AMBIGUOUS, FEATURE): One.recalled,
    (SENDING, AMBIGUOUS, PUMP): One.expired,
    (SENDING, DROPPED, PUMP): lambda one: deliveries.drop(one.tx, one.message, "removed"),
    (SENDING, DEAD, PUMP): lambda one: deliveries.mark_dead(one.tx, one.message, "refused", Obstacle.REFUSED),
    (AMBIGUOUS, SHOWN, PUMP): One.found,
    (AMBIGUOUS, WAITING, PUMP): lambda one: deliveries.resend(one.tx, one.message, LATER),
    (AMBIGUOUS, DROPPED, PUMP): lambda one: deliveries.drop(one.tx, one.message, "no consent"),
    (AMBIGUOUS, DEAD, PUMP): lambda one: deliveries.mark_dead(one.tx, one.message, "lost", Obstacle.REFUSED),
    (AMBIGUOUS, UNKNOWN, PUMP): lambda one: deliveries.mark_unknown(one.tx, one.message, "lost"),
    (SHOWN, WAITING, FEATURE): One.redrawn,
    (SHOWN, WAITING, PUMP): lambda one: one.found("another"),
    (DROPPED, WAITING, FEATURE): lambda one: messages.restore(one.circle, "s", NOW),
    (DROPPED, WAITING, PUMP): (One.removed, One.found),
    (DROPPED, SHOWN, PUMP): One.found,
    (DEAD, WAITING, FEATURE): One.rescheduled,
    (DEAD, WAITING, COMMS): One.retried,
    (DEAD, WAITING, PUMP): (dead_after_two_versions, One.found),
    (DEAD, SHOWN, PUMP): One.found,
    (UNKNOWN, WAITING, COMMS): One.retried,
}
"""How each permitted transition happens: a step from the usual way into its source, or both steps."""


@pytest.fixture
def one(tx: Connection) -> One:
    fill(tx, "ours")
    tx.execute(tables.message.delete())
    return One(tx)


def test_no_transition_is_listed_twice_and_none_leads_nowhere() -> None:
    listed = [(t.source, t.target, t.by) for t in TRANSITIONS]
    assert len(set(listed)) == len(listed)
    assert all(t.source is not t.target for t in TRANSITIONS)


def test_every_state_can_be_reached() -> None:
    assert {t.target for t in TRANSITIONS} == set(State)


def test_every_transition_has_an_example() -> None:
    assert set(EXAMPLES) == {(t.source, t.target, t.by) for t in TRANSITIONS}


@pytest.mark.parametrize("permitted", TRANSITIONS, ids=lambda t: f"{t.source}-{t.target}-{t.by.name}")
def test_each_permitted_transition_happens(one: One, permitted: Transition) -> None:
    example = EXAMPLES[permitted.source, permitted.target, permitted.by]
    before, step = example if isinstance(example, tuple) else (BEFORE[permitted.source], example)
    before(one)
    assert one.message.state is permitted.source
    step(one)
    assert one.message.state is permitted.target


FORBIDDEN = [
    (source, target)
    for source, target in product(State, State)
    if source is not target and target not in transitions.permitted()[source]
]


@pytest.mark.parametrize(("source", "target"), FORBIDDEN)
def test_the_trigger_refuses_each_other_transition(one: One, source: State, target: State) -> None:
    BEFORE[source](one)
    with pytest.raises(DBAPIError, match=transitions.REFUSAL), one.tx.begin_nested():
        one.tx.execute(update(tables.message).values(state=target))
    assert one.message.state is source


@pytest.mark.parametrize("state", State)
def test_the_trigger_lets_a_state_stay(one: One, state: State) -> None:
    BEFORE[state](one)
    one.tx.execute(update(tables.message).values(state=state, last_error="again"))
    assert (one.message.state, one.message.last_error) == (state, "again")


def changes_of_messages() -> Iterator[tuple[str, str]]:
    """The calls in the product's code that begin an UPDATE of `message`: their files and the code."""
    for package in ("bot", "handlers", "scheduler", "storage"):
        for file in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _begins_a_change(node):
                    yield str(file.relative_to(ROOT)), ast.unparse(node)


def _begins_a_change(call: ast.Call) -> bool:
    match call:
        case ast.Call(func=ast.Name(id="update"), args=[table, *_]):
            return ast.unparse(table) in ("tables.message", "message")
        case ast.Call(func=ast.Attribute(attr="update", value=table)):
            return ast.unparse(table) == "tables.message"
    return False


def test_messages_change_in_two_files() -> None:
    files = [file for file, _ in changes_of_messages()]
    assert set(files) == {"storage/messages.py", "storage/deliveries.py"}
    assert len(files) > 10


def test_the_diagram_in_the_documentation_is_the_table() -> None:
    page = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
    assert f"```mermaid\n{transitions.diagram()}\n```\n" in page


def test_the_diagram_has_no_sign_that_mermaid_reads_in_a_label() -> None:
    for line in transitions.diagram().splitlines()[1:]:
        _, _, label = line.partition(": ")
        assert label
        assert not set(label) & set(':;#"{}[]<>')
