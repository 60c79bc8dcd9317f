"""Pages of headless Chromium, and the rule for machines that have none.

    pytestmark = IN_A_BROWSER

    async def test_something():
        async with chromium_page(color_scheme="dark") as page:
            await page.goto(url)

What is missing skips the test with its reason; under CERCLE_REQUIRE_BROWSER=1 it fails instead.

Starting Playwright and Chromium takes a second, a new context a quarter of one. So each worker starts one
browser, and each test gets a context of its own, with its own cookies, cache and storage. A browser belongs
to the event loop that started it: these tests, and the async fixtures they use, share the session's loop.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

NODE_MODULES = Path(__file__).parent / "node" / "node_modules"

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def missing(reason: str) -> NoReturn:
    """Skip, or fail where CI promises that everything is installed."""
    if os.environ.get("CERCLE_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def node_modules(*packages: str) -> Path:
    """The folder of installed Node packages, `packages` among them."""
    absent = [name for name in packages if not (NODE_MODULES / name).is_dir()]
    if absent:
        missing(f"Node packages not installed: {', '.join(absent)} (npm ci --prefix tests/node)")
    return NODE_MODULES


def chromium() -> str:
    """The path of Chromium."""
    return shutil.which("chromium") or missing("Chromium is not installed (apt-get install chromium)")


IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.usefixtures("chromium"),
]
_started: list[Browser] = []


@pytest_asyncio.fixture(name="chromium", scope="session", loop_scope="session")
async def started_chromium() -> AsyncIterator[None]:
    """Run the browser of this process until the tests end."""
    path = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        _started.append(browser)
        yield
        _started.remove(browser)
        await browser.close()


@asynccontextmanager
async def chromium_page(**context: Any) -> AsyncIterator[Page]:
    """A blank page; `context` goes to Playwright's `new_context` (color_scheme, viewport, locale…)."""
    (browser,) = _started
    made = await browser.new_context(**context)
    try:
        yield await made.new_page()
    finally:
        await made.close()
