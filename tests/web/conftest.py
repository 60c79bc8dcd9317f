from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.world import World, opened


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened(tmp_path) as world:
        yield world


@pytest.fixture
async def proxied(tmp_path: Path) -> AsyncIterator[World]:
    """Behind a proxy of ours."""
    async with opened(tmp_path, trusted_proxy=True) as world:
        yield world
