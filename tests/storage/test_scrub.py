"""`Database.scrub`: what was deleted is in no file of the database any more."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, make_url, select, text

from scheduler.timetable import Tools, scrub_ballots
from storage import ballots, tables
from storage.engines.connect import connect, is_file
from storage.engines.database import Database
from storage.transaction import CircleTransaction, Transaction
from tests.databases import SEAL
from tests.storage.rows import NOW

PEOPLE = [f"person {n}" for n in range(50)]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = connect(database_url, SEAL)
    database.open()
    await database.transact(lambda tx: tx.execute(insert(tables.circle).values(id="c", created_at=NOW)))
    yield database
    await asyncio.to_thread(database.close)


def fill(tx: Transaction, subject_id: str) -> None:
    circle = CircleTransaction(tx, "c")
    ballots.start(circle, subject_id)
    for _ in range(2):  # each changes their mind once
        box = ballots.box(circle, subject_id)
        assert box
        for person in PEOPLE:
            ballots.cast(circle, box, box.voter(person), b"an answer")


def stored(tx: Transaction, subject_id: str) -> list[bytes]:
    """What is written of a question: the sealed key, and each sealed ballot and its pseudonym."""
    k, b = tables.ballot_box.c, tables.ballot.c
    found = list(tx.execute(select(k.key).where(k.subject_id == subject_id)).scalars())
    for row in tx.execute(select(b.voter, b.sealed).where(b.subject_id == subject_id)):
        found += [row.voter, row.sealed]
    return [value.encode() for value in found]


def empty(tx: Transaction, subject_id: str) -> None:
    ballots.empty(CircleTransaction(tx, "c"), subject_id)


def files(url: str) -> Iterator[Path]:
    """Every file of the database. PostgreSQL's own log of changes is not in our reach."""
    if is_file(url):
        yield from Path(make_url(url).database or "").parent.iterdir()
        return
    engine = create_engine(url)
    with engine.connect() as connection:
        folder = Path(connection.execute(text("SHOW data_directory")).scalar_one())
    engine.dispose()
    for path in folder.rglob("*"):
        if path.is_file() and "pg_wal" not in path.parts:
            yield path


def found_in_files(url: str, secrets: list[bytes]) -> set[bytes]:
    found = set()
    for path in files(url):
        content = path.read_bytes()
        found |= {secret for secret in secrets if secret in content}
    return found


def flush(url: str) -> None:
    """Have PostgreSQL write down what it still has in memory only."""
    if not is_file(url):
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CHECKPOINT"))
        engine.dispose()


async def test_nothing_is_left_of_what_was_deleted_and_what_was_kept_is_there(
    database: Database, database_url: str
) -> None:
    for subject in ("closing", "open"):
        await database.transact(partial(fill, subject_id=subject))
    gone, kept = [await database.read(partial(stored, subject_id=subject)) for subject in ("closing", "open")]
    flush(database_url)
    await database.transact(partial(empty, subject_id="closing"))
    assert found_in_files(database_url, gone)  # else this test sees nothing
    assert await database.scrub(ballots.SECRET)
    assert found_in_files(database_url, gone) == set()
    assert sorted(await database.read(partial(stored, subject_id="open"))) == sorted(kept)
    await database.transact(partial(fill, subject_id="later"))


async def test_a_scrub_without_anything_to_scrub_does_no_harm(database: Database) -> None:
    assert await database.scrub(ballots.SECRET)
    assert await database.scrub(ballots.SECRET)


async def test_statistics_keep_nothing_of_it(postgres_url: str) -> None:
    """ANALYZE copies values of most types into pg_statistic."""
    database = connect(postgres_url, SEAL)
    database.open()
    await database.transact(lambda tx: tx.execute(insert(tables.circle).values(id="c", created_at=NOW)))
    await database.transact(partial(fill, subject_id="closing"))
    sealed = [
        value for value in await database.read(partial(stored, subject_id="closing")) if len(value) > 40
    ]
    await database.transact(lambda tx: tx.execute(text("ANALYZE ballot, ballot_box")))
    flush(postgres_url)
    await database.transact(partial(empty, subject_id="closing"))
    assert await database.scrub(ballots.SECRET)
    assert found_in_files(postgres_url, sealed) == set()
    await asyncio.to_thread(database.close)


@contextmanager
def looking(url: str) -> Iterator[None]:
    """A transaction elsewhere that began before and may still look at what was there then."""
    if is_file(url):
        with closing(sqlite3.connect(make_url(url).database or "", isolation_level=None)) as connection:
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM circle").fetchone()
            yield
        return
    engine = create_engine(url, isolation_level="REPEATABLE READ")
    with engine.connect() as connection:
        connection.execute(text("SELECT count(*) FROM circle"))
        yield
    engine.dispose()


async def test_a_reader_that_began_before_keeps_nothing_in_the_files(
    database: Database, database_url: str
) -> None:
    """On SQLite it has to end first. On PostgreSQL, VACUUM FULL would keep for it what was deleted since."""
    await database.transact(partial(fill, subject_id="closing"))
    gone = await database.read(partial(stored, subject_id="closing"))
    with looking(database_url):
        flush(database_url)
        await database.transact(partial(empty, subject_id="closing"))
        scrubbed = await database.scrub(ballots.SECRET)
        assert scrubbed is not is_file(database_url)
        if scrubbed:
            assert found_in_files(database_url, gone) == set()
    assert await database.scrub(ballots.SECRET)
    assert found_in_files(database_url, gone) == set()


@contextmanager
def in_the_way(url: str) -> Iterator[None]:
    """Somebody for whom a scrub has to wait: a reader of SQLite; of PostgreSQL, pg_dump."""
    if is_file(url):
        with looking(url):
            yield
        return
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(text("LOCK TABLE ballot IN ACCESS SHARE MODE"))
        yield
    engine.dispose()


def tools(database: Database) -> Tools:
    return Tools(database, unread, lambda: NOW)


async def unread(url: str) -> str:
    return "page.unreachable"


async def test_the_job_tries_again_until_the_files_are_scrubbed_also_after_a_restart(
    database: Database, database_url: str
) -> None:
    await database.transact(partial(fill, subject_id="closing"))
    gone = await database.read(partial(stored, subject_id="closing"))
    flush(database_url)
    await database.transact(partial(empty, subject_id="closing"))
    with in_the_way(database_url):
        assert await scrub_ballots(tools(database)) == 0
        assert await database.read(ballots.scrubs) == ["closing"]
    await asyncio.to_thread(database.close)
    again = connect(database_url, SEAL)
    again.open()
    assert await scrub_ballots(tools(again)) == 1
    assert await again.read(ballots.scrubs) == []
    assert found_in_files(database_url, gone) == set()
    assert await scrub_ballots(tools(again)) == 0
    await asyncio.to_thread(again.close)


async def test_what_closes_meanwhile_is_scrubbed_the_next_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for subject in ("first", "second"):
        await database.transact(partial(fill, subject_id=subject))
    scrub = database.scrub

    async def slow(tables: Sequence[str]) -> bool:
        done = await scrub(tables)
        await database.transact(partial(empty, subject_id="second"))
        return done

    await database.transact(partial(empty, subject_id="first"))
    with monkeypatch.context() as patch:
        patch.setattr(database, "scrub", slow)
        assert await scrub_ballots(tools(database)) == 1
    assert await database.read(ballots.scrubs) == ["second"]
    assert await scrub_ballots(tools(database)) == 1


async def test_who_holds_the_table_is_waited_for_briefly(postgres_url: str) -> None:
    database = connect(postgres_url, SEAL)
    database.open()
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        connection.execute(text("LOCK TABLE ballot IN ACCESS SHARE MODE"))  # as pg_dump does
        assert not await database.scrub(ballots.SECRET)
    assert await database.scrub(ballots.SECRET)
    engine.dispose()
    await asyncio.to_thread(database.close)


async def test_votes_go_on_while_the_files_are_scrubbed(database: Database) -> None:
    await database.transact(partial(fill, subject_id="open"))
    before = await database.read(partial(stored, subject_id="open"))

    def vote(tx: Transaction, person: str) -> None:
        circle = CircleTransaction(tx, "c")
        box = ballots.box(circle, "open")
        assert box
        ballots.cast(circle, box, box.voter(person), b"another one")

    async def scrub() -> int:
        return sum([await database.scrub(ballots.SECRET) for _ in range(5)])

    voting = (database.transact(partial(vote, person=f"late {n}")) for n in range(60))
    done, *_ = await asyncio.gather(scrub(), *voting)
    assert done > 0
    after = await database.read(partial(stored, subject_id="open"))
    assert len(after) == len(before) + 2 * 60


async def test_a_closed_database_scrubs_nothing(database_url: str) -> None:
    with pytest.raises(RuntimeError, match="not open"):
        await connect(database_url).scrub(ballots.SECRET)
