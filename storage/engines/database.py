"""The interface of a database: `await db.transact(work)` runs synchronous code in a transaction."""

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
    """A database of either engine. It is opened before use and closed afterwards."""

    defer: Callable[[Transaction, Collection[str]], object] | None = None
    """Called at the end of a unit of work that made messages due, in its transaction, with the circle ids."""
    ring: Callable[[], object] | None = None
    """Called in the caller's event loop after the commit of a unit of work that made messages due."""

    @property
    def server(self) -> Mapping[str, Any] | None:
        """Return psycopg's connection parameters, or None for a SQLite file, which serves one process."""
        return None

    @abstractmethod
    def open(self) -> None: ...

    @abstractmethod
    def close(self) -> None:
        """Finish the accepted units of work and close the connections. Block until that is done."""

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction and return its result after the commit is on disk. An exception from
        `work` undoes the changes of `work` only and is raised here. `work` may run again when another process
        committed a conflicting change first, so it must touch nothing but the database. An accepted unit of
        work is finished even when its caller is cancelled. Raise RuntimeError when the database is not
        open."""
        result, due = await self._transact(partial(self._noting, work))
        if due and self.ring is not None:
            self.ring()
        return result

    def _noting(self, work: Callable[[Transaction], T], tx: Transaction) -> tuple[T, Collection[str]]:
        """Run `work` once and return its result and the ids of the circles in which it made a message due."""
        due: set[str] = set()
        tx.info[DUE] = due
        result = work(tx)
        if due and self.defer is not None:
            self.defer(tx, due)
        return result, due

    @abstractmethod
    async def _transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one transaction and return its result. `transact` adds `ring` and `defer`."""

    @abstractmethod
    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run a long read on the last committed state, while writers go on. Raise RuntimeError when the
        database is not open."""

    @abstractmethod
    async def scrub(self, tables: Sequence[str]) -> bool:
        """Remove from the files of the database what was deleted from these tables. False when something
        prevents that now: try again. Raises RuntimeError when the database is not open."""


SWITCH = 0.0005
"""Seconds after which the event loop and a thread with a transaction hand the interpreter to each other.
Measured, a process handles a quarter more button presses a second than with Python's default of 5 ms. With
0.1 ms it handles fewer presses again, and sends a tenth more cards at the same time."""


def share_the_interpreter() -> None:
    """Set the switch interval of this process to SWITCH."""
    sys.setswitchinterval(SWITCH)


def carry(engine: Engine, seal: Seal | None) -> None:
    """Have each connection know the seal of its database: `storage.seal.seal_of`."""

    @event.listens_for(engine, "connect")
    def connected(_: object, record: ConnectionPoolEntry) -> None:
        if seal is not None:
            record.info[SEAL] = seal


def note_due(tx: Transaction, circle_id: str) -> None:
    """Note that a message of that circle may go now. An error in the unit of work undoes the note."""
    tx.info.setdefault(DUE, set()).add(circle_id)


def reason(error: Exception) -> str:
    """Return the driver's message on one line. Neither libpq nor SQLite puts a password in it."""
    said = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return said.strip().partition("\n")[0]
