"""The engine that a database URL names, and the migrations on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from sqlalchemy import URL, make_url
from sqlalchemy.exc import OperationalError

from storage import migrations
from storage.engines import sqlite
from storage.engines.database import Database, Unavailable, reason
from storage.engines.sqlite import Sqlite
from storage.seal import Seal

if TYPE_CHECKING:
    from storage.engines.postgres import Postgres


def is_file(url: str) -> bool:
    """Tell whether `url` names a SQLite file. Anything else names a PostgreSQL server."""
    return make_url(url).get_backend_name() == "sqlite"


def connect(url: str, seal: Seal | None = None) -> Database:
    """Return the database at `sqlite:///file` or `postgresql+psycopg://…`, not yet open. Without a seal
    nobody can ask or answer secretly."""
    return Sqlite(url, seal) if is_file(url) else _postgres()(url, seal)


def address(url: str) -> URL:
    """Return the URL for a connection outside the engine's own pool, for instance to migrate."""
    return make_url(url) if is_file(url) else _postgres().address(url)


def problems(url: str) -> list[str]:
    """Return what SQLite finds wrong with its file. PostgreSQL has no such check: the list is empty."""
    return sqlite.problems(url) if is_file(url) else []


def upgrade(url: str) -> None:
    """Migrate the database to the newest revision. A second run changes nothing. Raise Unavailable when the
    database cannot be used, and DatabaseInUse while another process has the SQLite file open."""
    try:
        with _held(url):
            command.upgrade(migrations.config(address(url)), "head")
    except (OperationalError, OSError) as error:
        raise Unavailable(f"The database cannot be used: {reason(error)}") from None


def _postgres() -> type[Postgres]:
    """Import the PostgreSQL engine on first use. With psycopg it takes 150 ms of processor time and 7 MB at
    the start of a process, which a process on SQLite saves."""
    from storage.engines.postgres import Postgres

    return Postgres


@contextmanager
def _held(url: str) -> Iterator[None]:
    """Create a SQLite file and its folder, and lock the file. On PostgreSQL the migrations take a lock
    themselves."""
    if not is_file(url):
        yield
        return
    file = Path(make_url(url).database or "")
    file.parent.mkdir(parents=True, exist_ok=True)
    with sqlite.held(file):
        sqlite.keep_private(file)
        yield
