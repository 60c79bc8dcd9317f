from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine

from storage.database import upgrade


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database of today's shape, empty."""
    url = f"sqlite:///{tmp_path / 'cercle.sqlite3'}"
    upgrade(url)
    return url


@pytest.fixture
def tx(url: str) -> Iterator[Connection]:
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        yield connection
    engine.dispose()
