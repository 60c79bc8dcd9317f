"""Every Slack payload in every language, drawn by somebody else's renderer: a reader sees all that we say."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser import IN_A_BROWSER, chromium_page, missing, node_modules
from tests.golden.registry import sheets

pytestmark = IN_A_BROWSER

SCRIPT = Path(__file__).parents[2] / "node" / "slack-pictures.mjs"
USERS = [{"id": "U02ABC", "name": "Léa Martin"}]
UNSEEN = {"alt_text", "initial_value", "accessibility_label"}
"""Words that stand in attributes."""


def payloads() -> dict[str, Any]:
    return {
        f"{sheet.feature}.{name}.{sheet.language}": drawn
        for sheet in sheets()
        if sheet.renderer.name == "slack"
        for name, drawn in sheet.drawn().items()
    }


def page_of(drawn: dict[str, Any]) -> str:
    node_modules("react", "react-dom", "slack-blocks-to-jsx")
    node = shutil.which("node") or missing("Node is not installed (apt-get install nodejs)")
    asked = json.dumps({"payloads": drawn, "users": USERS})
    done = subprocess.run([node, str(SCRIPT)], input=asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def visible(node: Any) -> Iterator[str]:
    """The words a reader sees at once; what an unopened menu or list holds is not among them."""
    if isinstance(node, list):
        for inner in node:
            yield from visible(inner)
    if isinstance(node, dict) and node.get("type") not in ("overflow", "static_select"):
        if isinstance(node.get("text"), str) and "blocks" not in node and node.get("type") != "mrkdwn":
            yield node["text"]
        for inner in node.values():
            yield from visible(inner)


def squeezed(text: str) -> str:
    return "".join(text.split())


async def drawn(page: Page, html: str) -> None:
    """Without a network: a picture that is not ours to fetch is not fetched."""
    await page.route("**/*", lambda route: route.abort())
    await page.set_content(html)


async def test_no_word_is_missing(tmp_path_factory: pytest.TempPathFactory) -> None:
    wanted = payloads()
    async with chromium_page(viewport={"width": 780, "height": 900}) as page:
        await drawn(page, page_of(wanted))
        picture = tmp_path_factory.mktemp("slack") / "slack.png"
        await page.screenshot(path=picture, full_page=True)
        print(picture)  # noqa: T201
        for name, payload in wanted.items():
            shown = squeezed(await page.locator(f"[id='{name}']").inner_text())
            for text in visible(payload):
                assert squeezed(text) in shown, f"{name}: {text!r}"


async def test_buttons_links_and_mentions_are_what_they_are() -> None:
    async with chromium_page() as page:
        await drawn(page, page_of(payloads()))
        card = page.locator("[id='vocabulary.everything.fr']")
        assert await card.get_by_role("button", name="Partager", exact=True).count() == 1
        link = card.get_by_text("Lire la page", exact=True)
        assert await link.get_attribute("href") == "https://cercle.example.org/alternants?a=1&b=2"
        assert await card.get_by_alt_text("Trois alternants autour d’une table").count() == 1
        assert await card.get_by_text("@Léa Martin").count() == 2
