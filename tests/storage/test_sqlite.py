"""What is SQLite's own: group commit on a real file (shared fsync, separate fates), its checks, and its one
process. What it has in common with PostgreSQL is in test_database.py."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage import inbox
from storage.engines.connect import problems, upgrade
from storage.engines.database import Database, DatabaseInUse
from storage.engines.sqlite import MAX_BATCH, Sqlite, held
from storage.transaction import Transaction

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    database = Sqlite(sqlite_url)
    database.open()
    yield database
    database.close()


def hear(key: str) -> Callable[[Transaction], bool]:
    return lambda tx: inbox.first_time(tx, key, NOW)


def heard(tx: Transaction) -> set[str]:
    return {row[0] for row in tx.exec_driver_sql("SELECT key FROM inbox")}


def on_disk(url: str) -> set[str]:
    """What another process would see."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    try:
        return {row[0] for row in connection.execute("SELECT key FROM inbox")}
    finally:
        connection.close()


class Gate:
    """A unit of work that keeps the writer until it is opened, so that what follows becomes one batch."""

    def __init__(self, database: Database) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()
        self.unit = asyncio.ensure_future(database.transact(self._wait))

    def _wait(self, _: Transaction) -> None:
        self.entered.set()
        assert self.opened.wait(10)

    async def shut(self) -> None:
        await asyncio.to_thread(self.entered.wait, 10)

    async def open(self) -> None:
        self.opened.set()
        await self.unit


async def together(database: Database, *work: Callable[[Transaction], object]) -> list[object]:
    """All of it in one commit; exceptions are returned."""
    gate = Gate(database)
    await gate.shut()
    units = [asyncio.ensure_future(database.transact(one)) for one in work]
    await asyncio.sleep(0)
    await gate.open()
    return list(await asyncio.gather(*units, return_exceptions=True))


async def test_each_gets_what_its_work_returned(database: Database, sqlite_url: str) -> None:
    assert await together(database, hear("a"), hear("b"), hear("a")) == [True, True, False]
    assert on_disk(sqlite_url) == {"a", "b"}


async def test_a_failing_unit_undoes_itself_and_nobody_else(database: Database, sqlite_url: str) -> None:
    def fail(tx: Transaction) -> None:
        inbox.first_time(tx, "lost", NOW)
        raise ValueError("on purpose")

    before, failed, after = await together(database, hear("before"), fail, hear("after"))
    assert [before, after] == [True, True]
    assert isinstance(failed, ValueError)
    assert on_disk(sqlite_url) == {"before", "after"}


async def test_a_refused_statement_undoes_its_own_unit(database: Database, sqlite_url: str) -> None:
    def refused(tx: Transaction) -> None:
        inbox.first_time(tx, "lost", NOW)
        tx.exec_driver_sql("INSERT INTO inbox (key) VALUES ('no moment')")

    first, failed = await together(database, hear("kept"), refused)
    assert first is True
    assert "NOT NULL" in str(failed)
    assert on_disk(sqlite_url) == {"kept"}


async def test_even_a_stop_iteration_is_answered_and_so_are_the_others(database: Database) -> None:
    failed, kept = await asyncio.wait_for(together(database, lambda _: next(iter(())), hear("kept")), 5)
    assert isinstance(failed, RuntimeError)
    assert kept is True


async def test_nobody_is_answered_before_the_commit(database: Database, sqlite_url: str) -> None:
    in_work, go_on = threading.Event(), threading.Event()

    def slow(_: Transaction) -> None:
        in_work.set()
        assert go_on.wait(10)

    gate = Gate(database)
    await gate.shut()
    quick, last = (asyncio.ensure_future(database.transact(work)) for work in (hear("quick"), slow))
    await asyncio.sleep(0)
    await gate.open()
    await asyncio.to_thread(in_work.wait, 10)
    assert not quick.done()
    assert on_disk(sqlite_url) == set()
    go_on.set()
    assert await quick
    assert on_disk(sqlite_url) == {"quick"}
    await last


async def test_a_batch_larger_than_one_commit(database: Database, sqlite_url: str) -> None:
    keys = {f"key-{n}" for n in range(2 * MAX_BATCH + 3)}
    assert all(await together(database, *map(hear, keys)))
    assert on_disk(sqlite_url) == keys


async def test_a_caller_that_went_away_harms_nobody(database: Database, sqlite_url: str) -> None:
    gate = Gate(database)
    await gate.shut()
    gone, stays = (asyncio.ensure_future(database.transact(hear(key))) for key in ("gone", "stays"))
    await asyncio.sleep(0)
    gone.cancel()
    await gate.open()
    assert await stays
    assert gone.cancelled()
    assert on_disk(sqlite_url) == {"gone", "stays"}  # accepted is accepted


async def test_close_waits_for_what_was_accepted(sqlite_url: str) -> None:
    database = Sqlite(sqlite_url)
    database.open()
    gate = Gate(database)
    await gate.shut()
    units = [asyncio.ensure_future(database.transact(hear(f"key-{n}"))) for n in range(MAX_BATCH + 5)]
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(asyncio.to_thread(database.close))
    await asyncio.sleep(0.05)
    assert not closing.done()
    await gate.open()
    await closing
    assert all(await asyncio.gather(*units))
    assert len(on_disk(sqlite_url)) == len(units)


def pages(count: int) -> Callable[[Transaction], object]:
    """The file may not grow beyond `count` pages: a full disk."""
    return lambda tx: tx.exec_driver_sql(f"PRAGMA max_page_count={count}").scalar()


def much(key: str) -> Callable[[Transaction], object]:
    return lambda tx: (
        tx.exec_driver_sql("INSERT INTO notebook VALUES (?, ?)", (key, f'"{"x" * 200_000}"')).rowcount
    )


async def test_a_full_disk_is_an_error_and_no_end(database: Database, sqlite_url: str) -> None:
    size = await database.transact(lambda tx: tx.exec_driver_sql("PRAGMA page_count").scalar_one())
    await database.transact(pages(size))
    answers = await together(database, much("a"), much("b"))
    assert ["full" in str(answer) for answer in answers] == [True, True], answers
    assert problems(sqlite_url) == []
    await database.transact(pages(1 << 30))
    assert await database.transact(much("a")) == 1
    assert await database.transact(hear("again"))


async def test_a_commit_that_fails_fails_all_of_its_batch(database: Database, sqlite_url: str) -> None:
    """A deferred reference that points nowhere is found by the commit, after every unit has run."""

    def stray(tx: Transaction) -> str:
        tx.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        tx.exec_driver_sql("INSERT INTO click VALUES ('nowhere', '2026-11-24', 'v', '2026-11-24')")
        return "ran"

    answers = await together(database, hear("innocent"), stray)
    assert ["FOREIGN KEY" in str(answer) for answer in answers] == [True, True]
    assert on_disk(sqlite_url) == set()
    assert await database.transact(hear("next"))
    assert on_disk(sqlite_url) == {"next"}


async def test_the_file_is_safe_against_a_power_cut(database: Database) -> None:
    def ask(tx: Transaction) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [tx.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]

    full = 2
    assert await database.transact(ask) == ["wal", full, 1]
    assert await database.read(ask) == ["wal", full, 1]


def test_a_sound_file_has_no_problems(sqlite_url: str) -> None:
    assert problems(sqlite_url) == []


@pytest.mark.parametrize(("start", "end"), [(0, 100), (3 * 4096, 4 * 4096)])
def test_a_spoilt_file_is_found_out(sqlite_url: str, start: int, end: int) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    post = bytearray(file.read_bytes())
    post[start:end] = b"\xff" * (end - start)
    file.write_bytes(post)
    assert problems(sqlite_url) != []


def test_a_reference_astray_is_found_out(sqlite_url: str) -> None:
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    connection.execute("INSERT INTO click VALUES ('nowhere', '2026-11-24', 'v', '2026-11-24')")
    connection.commit()
    connection.close()
    assert problems(sqlite_url) == ["click: row 1 points at a missing share"]


def test_one_file_serves_one_database_at_a_time(sqlite_url: str, tmp_path: Path) -> None:
    first, second = Sqlite(sqlite_url), Sqlite(sqlite_url)
    first.open()
    for refused in (second.open, lambda: upgrade(sqlite_url)):
        with pytest.raises(
            DatabaseInUse, match=r"cercle\.sqlite3, and a SQLite file serves one process only"
        ):
            refused()
    first.close()
    assert {path.name for path in tmp_path.iterdir()} == {"cercle.sqlite3"}
    second.open()
    second.close()


def test_another_name_of_the_file_is_the_same_file(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "link.sqlite3").symlink_to(tmp_path / "cercle.sqlite3")
    database = Sqlite(sqlite_url)
    database.open()
    with pytest.raises(DatabaseInUse):
        Sqlite(f"sqlite:///{tmp_path / 'link.sqlite3'}").open()
    database.close()


def test_a_lock_left_behind_is_nobodys(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "cercle.sqlite3.lock").touch()
    database = Sqlite(sqlite_url)
    database.open()
    database.close()


def test_of_many_at_once_one_at_a_time_holds_the_file(sqlite_url: str, tmp_path: Path) -> None:
    """The lock file is removed and made again all the while; no two ever hold it together."""
    inside, most, done = 0, 0, 0
    counting = threading.Lock()

    def try_often() -> None:
        nonlocal inside, most, done
        for _ in range(300):
            with suppress(DatabaseInUse), held(tmp_path / "cercle.sqlite3"):
                with counting:
                    inside, done = inside + 1, done + 1
                    most = max(most, inside)
                with counting:
                    inside -= 1

    threads = [threading.Thread(target=try_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert done > 100
