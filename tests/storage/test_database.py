"""The one door, on both databases: what every unit of work may rely on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from storage import inbox, tables
from storage.engines.connect import connect
from storage.engines.database import Database
from storage.transaction import Transaction

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = connect(database_url)
    database.open()
    yield database
    database.close()


def hear(key: str) -> Callable[[Transaction], bool]:
    return lambda tx: inbox.first_time(tx, key, NOW)


def heard(tx: Transaction) -> set[str]:
    return set(tx.execute(select(tables.inbox.c.key)).scalars())


class Gate:
    """A unit of work that stays in its transaction until it is opened."""

    def __init__(self, database: Database, key: str = "gate") -> None:
        self.key = key
        self.entered, self.opened = threading.Event(), threading.Event()
        self.unit = asyncio.ensure_future(database.transact(self._wait))

    def _wait(self, tx: Transaction) -> bool:
        new = hear(self.key)(tx)
        self.entered.set()
        assert self.opened.wait(10)
        return new

    async def shut(self) -> None:
        assert await asyncio.to_thread(self.entered.wait, 10)


async def test_each_gets_what_its_work_returned(database: Database) -> None:
    assert await asyncio.gather(*(database.transact(hear(key)) for key in "abc")) == [True] * 3
    assert [await database.transact(hear(key)) for key in "cd"] == [False, True]
    assert await database.read(heard) == set("abcd")


async def test_the_same_at_once_is_new_to_one(database: Database) -> None:
    assert sum(await asyncio.gather(*(database.transact(hear("key")) for _ in range(30)))) == 1


async def test_an_exception_undoes_its_own_and_nobody_elses(database: Database) -> None:
    def fail(tx: Transaction) -> None:
        hear("lost")(tx)
        raise ValueError("on purpose")

    works = (hear("before"), fail, hear("after"))
    before, failed, after = await asyncio.gather(*map(database.transact, works), return_exceptions=True)
    assert [before, after] == [True, True]
    assert isinstance(failed, ValueError)
    assert await database.read(heard) == {"before", "after"}


async def test_a_refused_statement_undoes_its_own_unit(database: Database) -> None:
    def refused(tx: Transaction) -> None:
        hear("lost")(tx)
        tx.exec_driver_sql("INSERT INTO inbox (key) VALUES ('no moment')")

    with pytest.raises(Exception, match=r"(?i)not[ -]null"):
        await database.transact(refused)
    assert await database.transact(hear("kept"))
    assert await database.read(heard) == {"kept"}


async def test_even_a_stop_iteration_is_answered(database: Database) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await asyncio.wait_for(database.transact(lambda _: next(iter(()))), 5)
    assert await database.transact(hear("next"))


async def test_a_caller_that_went_away_harms_nobody(database: Database) -> None:
    """Accepted is accepted. Every thread is busy when the two come."""
    gates = [Gate(database, f"gate-{n}") for n in range(8)]
    await gates[0].shut()
    units = [asyncio.ensure_future(database.transact(hear(key))) for key in ("gone", "stays")]
    await asyncio.sleep(0)
    units[0].cancel()
    for gate in gates:
        gate.opened.set()
    assert await units[1]
    assert all(await asyncio.gather(*(gate.unit for gate in gates)))
    await asyncio.to_thread(database.close)
    database.open()
    assert await database.read(heard) == {gate.key for gate in gates} | {"gone", "stays"}


async def test_a_read_sees_only_what_is_committed_and_waits_for_nobody(database: Database) -> None:
    await database.transact(hear("before"))
    gate = Gate(database)
    await gate.shut()
    assert await asyncio.wait_for(database.read(heard), 5) == {"before"}
    gate.opened.set()
    await gate.unit
    assert await database.read(heard) == {"before", "gate"}


async def test_close_waits_for_what_was_accepted(database: Database) -> None:
    gate = Gate(database)
    await gate.shut()
    units = [asyncio.ensure_future(database.transact(hear(f"key-{n}"))) for n in range(50)]
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(asyncio.to_thread(database.close))
    await asyncio.sleep(0.05)
    assert not closing.done()
    gate.opened.set()
    await closing
    assert all(await asyncio.gather(*units))
    with pytest.raises(RuntimeError, match="not open"):
        await database.transact(hear("late"))


async def test_what_is_not_open_says_so(database_url: str) -> None:
    database = connect(database_url)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="not open"):
            await database.transact(hear("early"))
        with pytest.raises(RuntimeError, match="not open"):
            await database.read(heard)
        database.open()
        database.close()
    database.close()


async def test_two_event_loops_are_answered_each_in_its_own(database: Database) -> None:
    def elsewhere() -> bool:
        return asyncio.run(database.transact(hear("other loop")))

    assert all(await asyncio.gather(asyncio.to_thread(elsewhere), database.transact(hear("this loop"))))


async def test_an_error_never_shows_what_people_wrote(database: Database) -> None:
    def twice(tx: Transaction) -> None:
        for _ in range(2):
            tx.execute(tables.notebook.insert(), {"key": "k", "record": {"words": "between us"}})

    with pytest.raises(Exception, match=r"(?i)unique") as error:
        await database.transact(twice)
    assert "between us" not in str(error.value)
