"""The share page in a real browser; nothing leaves this machine: every other address is answered here."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, expect

from bot.domain.network import Network
from tests.browser import IN_A_BROWSER, chromium_page
from tests.web.world import BROWSER, COPY, SITE, World, opened

pytestmark = IN_A_BROWSER

PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 630"><rect width="1200" height="630" '
    'fill="#d9c7a8"/><circle cx="420" cy="330" r="150" fill="#b04a30"/><circle cx="720" cy="330" r="150" '
    'fill="#22666a"/></svg>'
)
SHARE_SHEET = "window.shared = []; navigator.share = async (what) => { window.shared.push(what); };"
NO_CLIPBOARD = """
    Object.defineProperty(navigator, 'clipboard', { value: undefined });
    document.execCommand = () => false;
"""
ELSEWHERE = re.compile(r"^https:")
GONE = 2000
"""Milliseconds after which a page that goes on has gone."""
LEAVING = 200
"""Milliseconds in which a page that begins to leave has asked for the next one."""
PHONE_SIZE = {"width": 360, "height": 740}
NOT_FOUND = "Failed to load resource: the server responded with a status of 404 (Not Found)"


@pytest_asyncio.fixture(loop_scope="session")
async def world(database_url: str) -> AsyncIterator[World]:
    async with opened(database_url) as world:
        yield world


@asynccontextmanager
async def browsing(*expected: str, **context: Any) -> AsyncIterator[tuple[Page, list[str]]]:
    """A page, and the addresses elsewhere that it went to; what the browser complains of is `expected`."""
    visited: list[str] = []
    complaints: list[str] = []

    async def elsewhere(route: Route) -> None:
        if route.request.resource_type == "image":
            await route.fulfill(content_type="image/svg+xml", body=PICTURE)
            return
        visited.append(route.request.url)
        await route.fulfill(content_type="text/html", body="<title>Elsewhere</title><p>Elsewhere</p>")

    async with chromium_page(user_agent=BROWSER["User-Agent"], **context) as page:
        page.set_default_timeout(8_000)
        if context.get("java_script_enabled", True):
            await page.clock.install()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        await page.context.route(ELSEWHERE, elsewhere)
        yield page, visited
        assert [line for line in complaints if line not in expected] == []


async def wait(page: Page) -> None:
    """Let two seconds of the page's clock pass."""
    await page.clock.fast_forward(GONE)
    await page.wait_for_timeout(LEAVING)


async def clipboard(page: Page) -> str:
    return str(await page.evaluate("navigator.clipboard.readText()")).replace("\r\n", "\n")


async def text(world: World, network: Network = Network.LINKEDIN) -> str:
    return f"{COPY.openings[0]}\n\n{SITE}/r/{(await world.share(network)).link_token}"


async def test_one_click_leads_from_the_card_to_the_filled_composer(world: World) -> None:
    async with browsing() as (page, visited):
        await page.goto(await world.page())
        await expect(page.locator("#leaving")).to_contain_text("LinkedIn s’ouvre…")
        await expect(page.get_by_role("textbox", name="Le texte à publier")).to_have_value(await text(world))
        await page.wait_for_url("https://www.linkedin.com/**")
        assert visited[0].startswith("https://www.linkedin.com/feed/?shareActive=true&text=J%E2%80%99")
        assert (await world.share()).opened_at is not None


async def test_coming_back_stays(world: World) -> None:
    async with browsing() as (page, visited):
        await page.goto(await world.page())
        await page.wait_for_url("https://www.linkedin.com/**")
        await page.go_back()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Votre texte pour LinkedIn")
        await wait(page)
        assert page.url.endswith("#stay")
        await expect(page.locator("#leaving")).to_be_hidden()
        await page.reload()
        await wait(page)
        assert len(visited) == 1


async def test_the_card_s_button_opens_the_composer_each_time(world: World) -> None:
    async with browsing() as (page, visited):
        for _ in range(2):
            await page.goto(await world.page())
            await page.wait_for_url("https://www.linkedin.com/**")
        assert len(visited) == 2


@pytest.mark.parametrize("how", ["link", "key", "press"])
async def test_staying_is_one_touch(world: World, how: str) -> None:
    async with browsing() as (page, visited):
        await page.goto(await world.page())
        match how:
            case "link":
                await page.get_by_role("link", name="Rester ici").click()
            case "key":
                await page.keyboard.press("Tab")
            case _:
                await page.get_by_role("heading", level=1).click()
        await expect(page.locator("#leaving")).to_be_hidden()
        await wait(page)
        assert visited == []
        await page.get_by_role("link", name="Ouvrir LinkedIn").click()
        await page.wait_for_url("https://www.linkedin.com/**")


async def test_copy_puts_the_text_in_the_clipboard(world: World) -> None:
    async with browsing(permissions=["clipboard-read", "clipboard-write"]) as (page, _):
        await page.goto(f"{await world.page()}#stay")
        await page.get_by_role("button", name="Copier le texte").click()
        await expect(page.locator("#said")).to_have_text("Le texte est copié.")
        assert await clipboard(page) == await text(world)


async def test_where_the_network_takes_no_text_it_is_copied_before_it_opens(world: World) -> None:
    async with browsing(permissions=["clipboard-read", "clipboard-write"]) as (page, visited):
        await page.goto(await world.page(Network.FACEBOOK))
        await wait(page)
        assert visited == []
        await page.get_by_role("link", name="Copier et ouvrir Facebook").click()
        await page.wait_for_url("https://www.facebook.com/sharer/**")
        await page.go_back()
        assert await clipboard(page) == await text(world, Network.FACEBOOK)


async def test_a_browser_that_refuses_to_copy_says_so_and_lets_go_at_the_second_try(world: World) -> None:
    async with browsing() as (page, visited):
        await page.add_init_script(NO_CLIPBOARD)
        await page.goto(await world.page(Network.FACEBOOK))
        button = page.get_by_role("link", name="Copier et ouvrir Facebook")
        await button.click()
        await expect(page.locator("#said")).to_contain_text("Le texte est sélectionné")
        assert await page.evaluate("getSelection().toString()") == await text(world, Network.FACEBOOK)
        assert visited == []
        await button.click()
        await page.wait_for_url("https://www.facebook.com/sharer/**")


async def test_the_share_sheet_is_offered_where_there_is_one(world: World) -> None:
    async with browsing() as (page, _):
        await page.goto(f"{await world.page()}#stay")
        without = await page.evaluate("!navigator.share")
        if without:
            await expect(page.locator("#sheet")).to_be_hidden()
        await page.add_init_script(SHARE_SHEET)
        await page.reload()
        await page.get_by_role("button", name="Une autre application").click()
        assert await page.evaluate("window.shared") == [{"text": await text(world)}]


@pytest.mark.parametrize("network", [Network.LINKEDIN, Network.FACEBOOK])
async def test_without_scripts_everything_is_there(world: World, network: Network) -> None:
    async with browsing(java_script_enabled=False) as (page, visited):
        await page.goto(await world.page(network))
        await expect(page.get_by_role("textbox")).to_have_value(await text(world, network))
        await expect(page.get_by_text("Le texte peut être sélectionné, puis copié.")).to_be_visible()
        await expect(page.get_by_role("button")).to_have_count(0)
        await page.wait_for_timeout(GONE)
        assert visited == []
        await page.get_by_role("link", name=f"Ouvrir {network.label}").click()
        assert len(visited) == 1


async def test_too_long_or_closed_never_goes_on(world: World) -> None:
    async with browsing() as (page, visited):
        await world.write("a" * 400)
        await page.goto(await world.page(Network.X))
        await expect(page.get_by_text("Trop long de 169 caractères pour X")).to_be_visible()
        await wait(page)
        await world.withdraw()
        await page.goto(await world.page())
        await wait(page)
        assert visited == []


@pytest.mark.parametrize(("person", "scheme"), [("camille", "light"), ("sam", "dark")])
async def test_it_fits_a_phone(world: World, person: str, scheme: str) -> None:
    owner = world.camille if person == "camille" else world.sam
    await world.write("Donaudampfschifffahrtsgesellschaft" * 4, title="Unaufhörlichkeit" * 9)
    async with browsing(NOT_FOUND, viewport=PHONE_SIZE, color_scheme=scheme) as (page, _):
        for network in Network:
            await page.goto(f"{await world.page(network, owner)}#stay")
            await _fits(page)
        await page.goto(f"{world.url}/s/nothing")
        await _fits(page)
        await world.withdraw()
        await page.goto(await world.page(person=owner))
        await _fits(page)


async def _fits(page: Page) -> None:
    width = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]
    for target in await page.locator("a.button:visible, button:visible").all():
        box = await target.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["x"] + box["width"] <= 360


async def test_every_colour_can_be_read(world: World) -> None:
    """WCAG AA: 4.5 to 1 for text against what lies behind it, in both schemes."""
    for scheme in ("light", "dark"):
        async with browsing(color_scheme=scheme) as (page, _):
            await page.goto(f"{await world.page()}#stay")
            assert await page.evaluate(CONTRAST) == []


CONTRAST = """
() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (let n = node; n; n = n.parentElement) {
      const colour = parts(getComputedStyle(n).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('h1, h2, p, a, span, textarea, button')]
    .filter((node) => node.checkVisibility() && node.textContent.trim())
    .map((node) => {
      const [a, b] = [light(parts(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
      return [node.className || node.tagName, (a + 0.05) / (b + 0.05)];
    })
    .filter(([, ratio]) => ratio < 4.5);
}
"""
