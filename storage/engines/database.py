"""One door to the database: `await db.transact(work)` runs plain synchronous code in a transaction."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from storage.seal import SEAL, Seal
from storage.transaction import Transaction

T = TypeVar("T")
DUE = "due"


class Unavailable(Exception):
    """The database cannot be used. The message is one sentence that says why, and holds no secret."""


class DatabaseInUse(Unavailable):
    """Another process has the SQLite file open."""

    def __init__(self, file: str) -> None:
        super().__init__(
            f"Another Cercle works with {file}, and a SQLite file serves one process only: "
            "stop the other one, or give both a PostgreSQL database in CERCLE_DATABASE_URL."
        )


class Database(ABC):
    """`open` before use, `close` after."""

    defer: Callable[[Transaction, Collection[str]], object] | None = None
    """Called at the end of a unit of work that made messages due, in its transaction, with their circles."""
    ring: Callable[[], object] | None = None
    """Called in the caller's event loop after the commit of such a unit."""

    @property
    def server(self) -> Mapping[str, Any] | None:
        """What psycopg needs to connect to the server that many processes share. None for a file, which one
        process has to itself."""
        return None

    @abstractmethod
    def open(self) -> None: ...

    @abstractmethod
    def close(self) -> None:
        """Finish what was accepted, then let go. Blocks for as long as that takes."""

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction and return what it returns, after the commit is on disk. An exception
        from `work` undoes its own changes, nobody else's, and comes out here. `work` may be run again when
        another process was quicker, so it touches nothing but the database. Once accepted it is done, even
        if its caller is cancelled. Raises RuntimeError when the database is not open."""
        result, due = await self._transact(partial(self._noting, work))
        if due and self.ring is not None:
            self.ring()
        return result

    def _noting(self, work: Callable[[Transaction], T], tx: Transaction) -> tuple[T, Collection[str]]:
        """One run of `work`, with the circles in which it made a message due."""
        due: set[str] = set()
        tx.info[DUE] = due
        result = work(tx)
        if due and self.defer is not None:
            self.defer(tx, due)
        return result, due

    @abstractmethod
    async def _transact(self, work: Callable[[Transaction], T]) -> T:
        """`transact`, for each kind of database."""

    @abstractmethod
    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run a long read beside the writers, on the last committed state. Raises RuntimeError when the
        database is not open."""

    @abstractmethod
    async def scrub(self, tables: Sequence[str]) -> bool:
        """Remove from the files of the database what was deleted from these tables. False when something
        prevents that now: try again. Raises RuntimeError when the database is not open."""


SWITCH = 0.0005
"""Seconds that the event loop may keep the interpreter when a thread with a transaction waits for it, and the
thread when the loop does. Python's own 5 ms are longer than several presses: measured, a quarter more of them
a second. With a fifth of it presses became fewer again, and cards sent at the same time a tenth more."""


def share_the_interpreter() -> None:
    sys.setswitchinterval(SWITCH)


def carry(engine: Engine, seal: Seal | None) -> None:
    """Have each connection know the seal of its database: `storage.seal.seal_of`."""

    @event.listens_for(engine, "connect")
    def connected(_: object, record: ConnectionPoolEntry) -> None:
        if seal is not None:
            record.info[SEAL] = seal


def note_due(tx: Transaction, circle_id: str) -> None:
    """A message of that circle may go now. What is noted lives and dies with its unit of work."""
    tx.info.setdefault(DUE, set()).add(circle_id)


def reason(error: Exception) -> str:
    """What the driver says, on one line. Neither libpq nor SQLite puts a password there."""
    said = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return said.strip().partition("\n")[0]
