from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Connection, Engine, create_engine

from storage import tables
from storage.seal import SEAL
from tests import databases
from tests.storage.rows import fill


@pytest.fixture(scope="session", params=databases.BACKENDS)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty database, of each kind in turn, that stays empty: see `tx`."""
    with TemporaryDirectory() as folder, databases.fresh(request.param, Path(folder)) as url:
        engine = create_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def tx(engine: Engine) -> Iterator[Connection]:
    """A transaction that is undone when the test is over."""
    with engine.connect() as connection:
        connection.info[SEAL] = databases.SEAL
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        yield connection
        connection.rollback()


@pytest.fixture
def circle(tx: Connection) -> str:
    """With one workspace and one person, and no message yet."""
    fill(tx, "ours")
    tx.execute(tables.message.delete())
    return "ours"
