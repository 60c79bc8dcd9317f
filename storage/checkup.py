"""What `cercle doctor` asks of a database. It creates nothing and changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, make_url, text
from sqlalchemy.exc import DBAPIError

from bot.domain import circle
from storage import inbox, jobs, migrations, workspaces
from storage.engines.database import Unavailable, reason
from storage.engines.postgres import Postgres
from storage.tables import new_id


def head() -> str:
    """Return the newest revision."""
    return str(migrations.scripts().get_current_head())


# A SQLite file


def file_of(url: str) -> Path:
    """The file behind a SQLite address."""
    return Path(make_url(url).database or "")


def revision(file: Path) -> str:
    """The migration that the file stands at; empty before the first. Raises sqlite3.Error."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return ""
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return row[0] if row else ""


def try_to_write(file: Path, patience: float = 5) -> None:
    """Take the write lock, waiting `patience` seconds for it, and give it back. Raises sqlite3.Error."""
    address = f"{file.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=patience)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")


def lost_connections(file: Path) -> list[circle.Connection]:
    """Return the connections to workspaces that are lost, as Cercle noted them. Raises sqlite3.Error."""
    address = f"{file.absolute().as_uri()}?mode=ro"
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True))
    try:
        with engine.connect() as connection:
            return workspaces.disconnected(connection)
    finally:
        engine.dispose()


# A PostgreSQL server


def place_of(url: str) -> str:
    """Server and database, without who enters and how."""
    where = make_url(url)
    return f"{where.host or where.query.get('host', 'localhost')}/{where.database}"


def server_revision(url: str) -> str:
    """The migration that the database stands at; empty before the first. Raises Unavailable."""
    with _connected(url) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def server_queue(url: str) -> str:
    """The step of Procrastinate's schema that the database stands at; empty before the first. Raises
    Unavailable."""
    with _connected(url) as connection:
        return jobs.installed(connection)


def lost_connections_there(url: str) -> list[circle.Connection]:
    """Return the connections to workspaces that are lost, as Cercle noted them. Raises Unavailable."""
    with _connected(url) as connection:
        return workspaces.disconnected(connection)


def try_to_write_there(url: str) -> None:
    """Note an event as heard, and take that back. Raises Unavailable."""
    with _connected(url) as connection:
        inbox.first_time(connection, f"doctor:{new_id()}", datetime.now(UTC))
        connection.rollback()


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(Postgres.address(url), hide_parameters=True)
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        raise Unavailable(reason(error)) from None
    finally:
        engine.dispose()
