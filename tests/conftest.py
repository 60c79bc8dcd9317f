from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bot import logs
from tests import databases, scratch, slow, statements
from tests.browser import started_chromium as started_chromium
from tests.house import House

logs.configure()
scratch.use_memory()
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
statements.share_compiled()
gc.set_threshold(50_000, 20, 50)  # the default costs a tenth of the time of the tests


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow.mark(items)
    # The simulated year takes longest: it begins first, so that no worker waits for it at the end.
    items.sort(key=lambda item: item.path.name != "test_year.py")


def pytest_sessionfinish() -> None:
    databases.stop()


@pytest.fixture(params=databases.BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database, of each kind in turn."""
    with databases.fresh(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> Iterator[str]:
    """For what is SQLite's own."""
    with databases.fresh("sqlite", tmp_path) as url:
        yield url


@pytest.fixture
def postgres_url(tmp_path: Path) -> Iterator[str]:
    """For what is PostgreSQL's own."""
    with databases.fresh("postgres", tmp_path) as url:
        yield url


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    """An empty circle; `house.with_lead()`, `with_member()`, `with_post()` fill it."""
    house = House(database_url)
    yield house
    house.close()
