"""Whatever makes a message due is noted, and told when it is committed, and only then."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.domain.message import POST, Obstacle
from storage import deliveries, messages, tables
from storage.engines.connect import connect
from storage.engines.database import DUE, Database, note_due
from storage.messages import Recipient
from storage.transaction import CircleTransaction, Transaction
from tests.storage.rows import NOW, fill
from tests.storage.test_database import Gate, hear, heard

SECOND = timedelta(seconds=1)
Change = Callable[[Connection], object]

# Which changes


def request(tx: Connection, address: str = "a", **more: object) -> None:
    there = [Recipient("ours-id", address, "ours-id")]
    messages.request(CircleTransaction(tx, "ours"), POST, "s", there, NOW, **more)  # type: ignore[arg-type]


def only(tx: Connection) -> messages.Message:
    (row,) = tx.execute(tables.message.select())
    found = messages.load(CircleTransaction(tx, "ours"), row.id)
    assert found
    return found


def nothing(_: Connection) -> None: ...


def later(tx: Connection) -> None:
    request(tx, due_at=NOW + SECOND)


def shown(tx: Connection) -> None:
    request(tx)
    (claimed,) = deliveries.claim(tx, [only(tx)], NOW, NOW + SECOND)
    assert deliveries.mark_shown(tx, [(claimed, "ref")], NOW)


def dead(tx: Connection) -> None:
    request(tx)
    deliveries.mark_dead(tx, only(tx), "channel_not_found", Obstacle.REFUSED)


def dropped(tx: Connection) -> None:
    request(tx)
    deliveries.drop(tx, only(tx), messages.NOTHING_TO_SHOW)


def redraw(tx: Connection, **more: timedelta) -> None:
    messages.redraw(CircleTransaction(tx, "ours"), POST, "s", NOW, **more)


def redraw_for(tx: Connection, **more: timedelta) -> None:
    messages.redraw_for(CircleTransaction(tx, "ours"), "ours-id", "s", NOW, **more)


def reschedule_for(tx: Connection) -> None:
    messages.reschedule_for(CircleTransaction(tx, "ours"), "ours-id", NOW)


def restore(tx: Connection) -> None:
    messages.restore(CircleTransaction(tx, "ours"), "s", NOW)


def retry_undelivered(tx: Connection) -> None:
    messages.retry_undelivered(CircleTransaction(tx, "ours"), only(tx).id, NOW)


@pytest.fixture
def circle(tx: Connection) -> Connection:
    """With one workspace and one person, and no message yet."""
    fill(tx, "ours")
    tx.execute(tables.message.delete())
    return tx


def noted(tx: Connection, before: Change, change: Change) -> Collection[str]:
    before(tx)
    tx.info.pop(DUE, None)
    change(tx)
    found: Collection[str] = tx.info.pop(DUE, set())
    assert found or not any(queue.ranks for queue in deliveries.due_workspaces(tx, NOW))
    return found


@pytest.mark.parametrize(
    ("before", "change"),
    [
        (nothing, request),
        (shown, redraw),
        (shown, redraw_for),
        (later, reschedule_for),
        (dropped, restore),
        (dead, retry_undelivered),
    ],
)
def test_what_makes_a_message_due_is_noted(circle: Connection, before: Change, change: Change) -> None:
    assert noted(circle, before, change) == {"ours"}


@pytest.mark.parametrize(
    ("before", "change"),
    [
        (nothing, later),
        (nothing, redraw),
        (nothing, reschedule_for),
        (nothing, restore),
        (dead, redraw),
        (shown, lambda tx: redraw(tx, after=SECOND)),
        (shown, lambda tx: redraw_for(tx, after=SECOND)),
        (shown, reschedule_for),
        (shown, restore),
        (shown, retry_undelivered),
    ],
)
def test_what_makes_none_due_is_not(circle: Connection, before: Change, change: Change) -> None:
    assert noted(circle, before, change) == set()


# And when


@dataclass
class Listener:
    """What a database told, in order."""

    told: list[object] = field(default_factory=list)

    def defer(self, tx: Transaction, circle_ids: Collection[str]) -> None:
        assert heard(tx)  # in the transaction itself
        self.told.append(sorted(circle_ids))

    def ring(self) -> None:
        assert threading.current_thread() is threading.main_thread()
        self.told.append("ring")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = connect(database_url)
    database.open()
    yield database
    database.close()


@pytest.fixture
def listener(database: Database) -> Listener:
    made = Listener()
    database.defer, database.ring = made.defer, made.ring
    return made


def due(key: str, *circles: str, fail: bool = False) -> Callable[[Transaction], bool]:
    def work(tx: Transaction) -> bool:
        new = hear(key)(tx)
        for circle in circles:
            note_due(tx, circle)
        if fail:
            raise ValueError("on purpose")
        return new

    return work


async def test_it_is_told_before_the_commit_and_after(database: Database, listener: Listener) -> None:
    assert await database.transact(due("key", "ours", "theirs", "ours"))
    assert listener.told == [["ours", "theirs"], "ring"]


async def test_nothing_is_told_where_nothing_is_due(database: Database, listener: Listener) -> None:
    assert await database.transact(due("key"))
    assert listener.told == []


async def test_what_is_undone_is_not_told(database: Database, listener: Listener) -> None:
    with pytest.raises(ValueError, match="on purpose"):
        await database.transact(due("lost", "ours", fail=True))
    assert await database.transact(due("kept"))
    assert listener.told == []


async def test_units_that_are_committed_together_are_told_apart(
    database: Database, listener: Listener
) -> None:
    gate = Gate(database)
    await gate.shut()
    works = (due("a", "ours"), due("b", "lost", fail=True), due("c"), due("d", "theirs"))
    units = [asyncio.ensure_future(database.transact(work)) for work in works]
    await asyncio.sleep(0.05)
    gate.opened.set()
    await asyncio.gather(gate.unit, *units, return_exceptions=True)
    assert sorted(map(str, listener.told)) == ["['ours']", "['theirs']", "ring", "ring"]
