from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine

from tests.storage.rows import empty_database


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database of today's shape, empty."""
    file = tmp_path / "cercle.sqlite3"
    file.write_bytes(empty_database())
    return f"sqlite:///{file}"


@pytest.fixture
def tx(url: str) -> Iterator[Connection]:
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        yield connection
    engine.dispose()
