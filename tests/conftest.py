from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import logs
from tests.house import House

logs.configure()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An empty circle; `house.with_lead()`, `with_member()`, `with_content()` fill it."""
    house = House(tmp_path)
    yield house
    house.close()
