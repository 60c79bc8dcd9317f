"""PostgreSQL: any number of processes, each with a small pool of threads, a transaction each.

Two processes may do the same at the same moment, such as insert the same person. The database accepts one of
them; the other process runs its unit of work again on the committed state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg.abc import Buffer
from psycopg.types.string import StrDumperUnknown
from sqlalchemy import URL, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from bot.crash import crash
from storage.engines.database import Database, carry, share_the_interpreter
from storage.seal import Seal
from storage.transaction import Transaction

T = TypeVar("T")
THREADS, READERS = 8, 2
"""Writer and reader threads of one process. Each thread uses one connection."""
RESTED = 1.0
"""Seconds without use after which a connection is tested before it is used. A test before every transaction,
as pool_pre_ping makes, cost 22 % and 34 % of the transactions a second in two runs (16 callers, two busy
cores)."""
TRIES = 5
"""How often a unit of work runs at most, when another process commits a conflicting change first."""
LOST_THE_RACE = ("23503", "23505", "40001", "40P01")
"""SQLSTATE: foreign_key_violation, unique_violation, serialization_failure, deadlock_detected."""
IN_THE_WAY = ("55P03", "40P01")
"""SQLSTATE: lock_not_available, deadlock_detected."""
BRIEFLY = "300ms"
"""How long a rewriting waits for those who use a table. Whoever votes meanwhile waits behind it."""
SESSION: Mapping[str, str] = {
    "application_name": "cercle",
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "options": "-c idle_in_transaction_session_timeout=30s -c random_page_cost=1.1",
}
"""Parameters of each session, which the URL may override. A server that vanished is noticed within 25 s, and
a process that froze inside a transaction keeps its locks for 30 s. The data fits in memory: with PostgreSQL's
default random_page_cost of 4.0 it read a whole table for eighty of its keys (measured: 6 ms instead of 1)."""


class Postgres(Database):
    """A database on a PostgreSQL server, which any number of processes may use."""

    @staticmethod
    def address(url: str) -> URL:
        """Return `url` with the parameters that every session of Cercle has."""
        where = make_url(url)
        return where.set(query={**SESSION, **where.query})

    def __init__(self, url: str, seal: Seal | None = None) -> None:
        self.engine = create_engine(
            self.address(url),
            pool_size=THREADS + READERS,
            max_overflow=0,
            hide_parameters=True,
        )
        carry(self.engine, seal)
        event.listen(self.engine, "connect", _store_any_text)
        event.listen(self.engine, "checkin", _rest)
        event.listen(self.engine, "checkout", self._wake)
        self._writers: ThreadPoolExecutor | None = None
        self._readers: ThreadPoolExecutor | None = None

    @property
    def server(self) -> Mapping[str, Any]:
        _, given = self.engine.dialect.create_connect_args(self.engine.url)
        return given

    def open(self) -> None:
        share_the_interpreter()
        self._writers = ThreadPoolExecutor(THREADS, thread_name_prefix="writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")

    def close(self) -> None:
        pools, self._writers, self._readers = (self._writers, self._readers), None, None
        for pool in pools:
            if pool is not None:
                pool.shutdown()
        self.engine.dispose()

    async def _transact(self, work: Callable[[Transaction], T]) -> T:
        return await _hop(self._writers, self._run, work)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        return await _hop(self._readers, self._once, work)

    async def scrub(self, tables: Sequence[str]) -> bool:
        """Write the rows that are left into new files. VACUUM FULL would keep deleted rows that a transaction
        begun earlier, in whatever table, might still want to see; TRUNCATE keeps nothing of the old file."""
        try:
            await self.transact(lambda tx: _rewrite(tx, tables))
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in IN_THE_WAY:
                raise
            return False
        return True

    def _wake(self, connection: Any, record: ConnectionPoolEntry, _: object) -> None:
        if monotonic() - record.info.get("rests_since", monotonic()) < RESTED:
            return
        try:
            self.engine.dialect.do_ping(connection)
        except psycopg.Error:
            raise InvalidatePoolError from None

    def _run(self, work: Callable[[Transaction], T]) -> T:
        for _ in range(TRIES - 1):
            try:
                return self._once(work)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in LOST_THE_RACE:
                    raise
        return self._once(work)

    def _once(self, work: Callable[[Transaction], T]) -> T:
        try:
            with self.engine.begin() as connection:
                result = work(connection)
                crash("postgres.committing")
            crash("postgres.committed")
            return result
        except StopIteration as error:  # a future refuses a StopIteration and would never be done
            raise RuntimeError(repr(error)) from error


def _rewrite(tx: Transaction, tables: Sequence[str]) -> None:
    """All tables are locked before the first is emptied, in the order in which others use them. The rows that
    are left come back in an order that does not tell which was written first."""
    tx.execute(text(f"SET LOCAL lock_timeout = '{BRIEFLY}'"))
    tx.execute(text(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE"))
    for table in tables:
        tx.execute(text(f"CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM {table}"))  # noqa: S608
        tx.execute(text(f"TRUNCATE {table}"))
        tx.execute(text(f"INSERT INTO {table} SELECT * FROM kept ORDER BY random()"))  # noqa: S608
        tx.execute(text("DROP TABLE kept"))


def _rest(_: object, record: ConnectionPoolEntry) -> None:
    record.info["rests_since"] = monotonic()


class _AnyText(StrDumperUnknown):
    """Replace NUL, which people can send and PostgreSQL cannot store, with U+FFFD. No text that is looked up
    contains one."""

    def dump(self, text: str) -> Buffer | None:
        return super().dump(text.replace("\0", "\ufffd") if "\0" in text else text)


def _store_any_text(connection: psycopg.Connection[Any], _: object) -> None:
    connection.adapters.register_dumper(str, _AnyText)


async def _hop(
    pool: ThreadPoolExecutor | None,
    run: Callable[[Callable[[Transaction], T]], T],
    work: Callable[[Transaction], T],
) -> T:
    """Run `work` on a thread of `pool`. It is finished even when its caller is cancelled."""
    if pool is None:
        raise RuntimeError("the database is not open")
    return await asyncio.shield(asyncio.get_running_loop().run_in_executor(pool, run, work))
