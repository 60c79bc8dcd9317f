"""A tick costs what is due: with a hundred times as many circles in which nothing is due, it asks the same
questions and reads as little."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, make_url

from scheduler.timetable import TIMETABLE
from storage.engines.connect import connect, is_file
from storage.engines.database import Database
from tests import databases
from tests.bench.idle_tick import populate, tick, tools_of

FEW, MANY = 3, 300
Asked = tuple[str, Any]
"""A statement and its parameters, as the driver was given them."""


@asynccontextmanager
async def idle(url: str, circles: int) -> AsyncIterator[Database]:
    database = connect(url)
    database.open()
    try:
        await populate(database, circles)
        yield database
    finally:
        database.close()


@contextmanager
def listening() -> Iterator[list[Asked]]:
    heard: list[Asked] = []

    def hear(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        heard.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


async def asked(database: Database) -> list[Asked]:
    """What one tick of all jobs asks."""
    tools = tools_of(database)
    assert await tick(tools) == 0
    with listening() as heard:
        assert await tick(tools) == 0
    return heard


def steps(url: str, statements: Sequence[Asked]) -> int:
    """How many steps SQLite takes for them."""
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    with closing(sqlite3.connect(make_url(url).database or "", isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.set_progress_handler(count, 1)
        for statement, parameters in statements:
            connection.execute(statement, parameters).fetchall()
        connection.set_progress_handler(None, 0)
        connection.execute("ROLLBACK")
    return taken


@pytest.mark.parametrize("backend", databases.BACKENDS)
async def test_with_more_idle_circles_a_tick_asks_no_more(backend: str, tmp_path: Path) -> None:
    found = []
    for circles in (FEW, MANY):
        (folder := tmp_path / str(circles)).mkdir()
        with databases.fresh(backend, folder) as url:
            async with idle(url, circles) as database:
                found.append([statement for statement, _ in await asked(database)])
    few, many = found
    assert few == many
    assert len(few) >= len(TIMETABLE)


async def test_with_more_idle_circles_a_tick_reads_no_more(tmp_path: Path) -> None:
    taken = []
    for circles in (FEW, MANY):
        (folder := tmp_path / str(circles)).mkdir()
        with databases.fresh("sqlite", folder) as url:
            async with idle(url, circles) as database:
                statements = await asked(database)
            taken.append(steps(url, statements))
    few, many = taken
    assert many == few


async def test_each_question_of_a_tick_has_an_index(database_url: str) -> None:
    async with idle(database_url, FEW) as database:
        statements = await asked(database)
        whole = _scans if is_file(database_url) else _without_condition

        def unaided(tx: Any) -> list[str]:
            return [statement for statement, given in statements if whole(tx, statement, given)]

        assert await database.transact(unaided) == []


def _scans(tx: Any, statement: str, given: Any) -> bool:
    """SQLite walks through a whole table, or a whole index."""
    steps = [row[-1] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]
    return any(step.startswith("SCAN") and "VIRTUAL TABLE" not in step for step in steps)


def _without_condition(tx: Any, statement: str, given: Any) -> bool:
    """PostgreSQL would not look anything up, even if it may read no table as a whole."""
    tx.exec_driver_sql("SET LOCAL enable_seqscan = off")
    return "Index Cond" not in str(tx.exec_driver_sql(f"EXPLAIN {statement}", given).all())
