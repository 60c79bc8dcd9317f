"""The path from a link to its readers, in the browser, with the whole bot behind it.

Every tab is one context whose doors are watched: what would leave loopback is noted and goes nowhere.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Locator, Page, Route, expect

from bot.app import Cercle, utc_now
from bot.chat.action import Action
from bot.chat.card import Card
from bot.demo import free_port, on_a_tuesday, people_it, previews, running
from bot.platforms.playground.adapter import Playground
from bot.platforms.playground.persona import PERSONAS
from handlers.actions import OpenJoin
from handlers.membership.cards import Join
from handlers.posts.cards import Compose, OpenCompose, Restore, Withdraw
from handlers.sharing.cards import NotPosted, OpenWords, Posted, SaveWords
from tests.browser import IN_A_BROWSER, chromium_page
from tests.house import ENGLISH, FRENCH

pytestmark = IN_A_BROWSER

AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
)
"""Headless Chromium names itself, and is rightly taken for a robot."""
TITLE = "Comment nous accueillons nos alternants"
WHY = "Trois promotions racontent leur première semaine ; deux personnes sont devenues collègues."
OPENING = "J’étais leur tutrice, et c’est moi qui ai le plus appris."
OWN_WORDS = "J’y étais, et je le referais."
SOON = 10_000
"""Milliseconds: the page is read within seconds, a card is drawn again within one."""


@dataclass
class Stage:
    page: Page
    cercle: Cercle
    origin: str
    outside: list[str] = field(default_factory=list)

    async def become(self, name: str) -> None:
        await self.page.get_by_role("navigation").wait_for()
        await self.page.get_by_text(name, exact=True).click()
        await expect(self.page.get_by_role("radio", name=name)).to_be_checked()

    def entry(self, words: str) -> Locator:
        return self.page.locator(".entry").filter(has_text=words).last

    def control(self, name: str, *, exact: bool = False) -> Locator:
        """A button of the page itself, which carries no action."""
        return self.page.get_by_role("button", name=name, exact=exact)

    def button(self, kind: type[Action], last: str = "") -> Locator:
        return self.page.locator(carrying("button", kind, last))

    def sends(self, kind: type[Action]) -> Locator:
        """The button that sends the form with that action."""
        return self.dialog.locator(carrying("form", kind)).locator("button[type=submit]")

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    async def compose(self) -> None:
        await self.dialog.get_by_label("Pourquoi c’est intéressant").fill(WHY)
        await self.dialog.get_by_label("Accroche 1").fill(OPENING)
        await self.dialog.get_by_label("Ressources humaines").check()
        await self.sends(Compose).click()
        await expect(self.dialog).to_be_hidden()

    async def publish(self) -> None:
        """Camille posts a page of the sample world."""
        await self.become("Camille")
        await self.control(TITLE).click()
        await self.button(OpenCompose).click(timeout=SOON)
        await self.compose()
        await expect(self.entry("C’est en route")).to_be_visible()

    def card(self, who: str, title: str) -> Card:
        """What the bot has really said to that person."""
        (playground,) = self.cercle.platforms
        assert isinstance(playground, Playground)
        persona = next(persona for persona in PERSONAS if persona.id == who)
        said = [entry.said for entry in playground.chat.entries(persona.address, who)]
        return next(card for card in reversed(said) if isinstance(card, Card) and card.title == title)


def carrying(tag: str, kind: type[Action], last: str = "") -> str:
    """Selects the elements of that tag with such an action; `last` is the value of its last field."""
    if last:
        return f'{tag}[data-action^="{kind.verb}/"][data-action$="/{last}"]'
    return f'{tag}:is([data-action="{kind.verb}"], [data-action^="{kind.verb}/"])'


@asynccontextmanager
async def stage(**context: Any) -> AsyncIterator[Stage]:
    """`cercle demo` and its page; any error in the console fails the test."""
    clock, complaints = on_a_tuesday(utc_now()), list[str]()
    async with (
        running(free_port(0), clock, advance=clock.advance) as (cercle, origin),
        chromium_page(locale="fr-FR", user_agent=AGENT, **context) as page,
    ):
        await people_it(cercle, clock)
        on_stage = Stage(page, cercle, origin)

        async def closed(route: Route) -> None:
            on_stage.outside.append(route.request.url)
            await route.fulfill(status=200, content_type="text/html", body="<title>Elsewhere</title>")

        page.set_default_timeout(8_000)
        await page.context.route(lambda url: not url.startswith(origin), closed)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        await page.goto(f"{origin}/playground")
        await expect(page.get_by_role("heading", name="Vous êtes Camille")).to_be_visible()
        yield on_stage
        assert complaints == []


async def test_from_a_link_to_its_readers_and_back() -> None:
    async with stage() as on:
        page = on.page
        await a_newcomer_joins(on)
        await on.publish()

        await on.become("Inès")
        card = on.entry(WHY)
        await expect(card).to_contain_text("Ressources humaines · proposé par @Camille", timeout=SOON)
        await expect(card.get_by_role("img")).to_have_js_property("complete", True)
        await on.button(OpenWords).click()
        await on.dialog.get_by_label("Votre texte").fill(OWN_WORDS)
        await on.sends(SaveWords).click()
        await expect(card).to_contain_text(OWN_WORDS, timeout=SOON)

        link = await share(on, card)
        await on.button(Posted, "linkedin").click(timeout=SOON)
        await expect(on.entry(TITLE)).to_contain_text("Publié sur LinkedIn", timeout=SOON)
        await on.button(NotPosted, "linkedin").click()
        await expect(on.entry(TITLE)).to_contain_text(OWN_WORDS, timeout=SOON)
        await on.button(Posted, "linkedin").click(timeout=SOON)
        await expect(on.entry(TITLE)).to_contain_text("Publié sur LinkedIn", timeout=SOON)

        reader = await page.context.new_page()
        await reader.goto(link)
        assert reader.url == f"{on.origin}/playground/world/fr/accueil-alternants"
        await reader.close()

        await on.control("+ 1 heure").click()
        await expect(on.entry(TITLE)).to_contain_text("1 clic sur votre lien", timeout=SOON)
        await on.become("Camille")
        numbers = on.entry("Ces nombres sont ceux de tout le cercle")
        for name, value in {
            "Publiés, d’après les membres": "1",
            "Lecteurs": "1 clic, robots écartés",
        }.items():
            row = numbers.locator("dl div").filter(has_text=name)
            await expect(row.get_by_role("definition")).to_have_text(value, timeout=SOON)

        await numbers.locator(carrying("button", Withdraw)).click()
        await expect(on.button(Restore)).to_be_visible(timeout=SOON)
        await on.become("Inès")
        await expect(on.entry(TITLE)).to_contain_text("Ce contenu a été retiré", timeout=SOON)
        assert [urlsplit(url).hostname for url in on.outside] == ["www.linkedin.com"]


async def a_newcomer_joins(on: Stage) -> None:
    await on.become("Lou")
    await on.control("Lire l’appel dans #general").click()
    await on.button(OpenJoin).click()
    await expect(on.dialog).to_contain_text("Ce que l’organisation promet")
    await on.dialog.get_by_label("Bluesky").check()
    await on.sends(Join).click()
    consent = on.dialog.get_by_role("checkbox", name="adhère à cette charte")
    await expect(consent).to_have_attribute("aria-invalid", "true")
    await expect(consent).to_be_focused()
    await consent.check()
    await on.sends(Join).click()
    await expect(on.entry("Vous voilà dans le cercle")).to_contain_text("Visible de vous seulement")
    await on.control("Cercle", exact=True).click()


async def share(on: Stage, card: Locator) -> str:
    """One click opens our page in a tab, which hands the words to the network; tells the tracked link."""
    async with on.page.context.expect_page() as opened:
        await card.get_by_role("link", name=FRENCH("post.share_on", network="LinkedIn")).click()
    tab = await opened.value
    await tab.wait_for_url(lambda url: not url.startswith(on.origin), timeout=SOON)
    handed = " ".join(value for values in parse_qs(urlsplit(tab.url).query).values() for value in values)
    assert OWN_WORDS in handed
    link = f"{on.origin}/r/" + handed.partition(f"{on.origin}/r/")[2].split()[0]
    await tab.close()
    return link


async def test_each_in_their_own_language_and_hours() -> None:
    async with stage() as on:
        await on.publish()
        await on.become("Tom")
        card = on.entry(TITLE)
        await expect(
            card.get_by_role("link", name=ENGLISH("post.share_on", network="LinkedIn"))
        ).to_be_visible(timeout=SOON)
        await on.become("Hugo")
        await expect(on.page.get_by_role("heading", name="Vous êtes Hugo")).to_be_visible()
        await expect(on.page.locator(".entry")).to_have_count(0)
        await on.control("Au matin suivant").click()
        await expect(on.page.locator("#clock")).to_contain_text("09:00")
        await expect(
            on.entry(TITLE).get_by_role("link", name=FRENCH("post.share_on", network="Mastodon"))
        ).to_be_visible(timeout=SOON)
        assert on.outside == []


async def test_the_drawers_hold_exactly_what_would_be_sent() -> None:
    async with stage() as on:
        await on.publish()
        await on.become("Tom")
        await expect(on.entry(TITLE)).to_be_visible(timeout=SOON)
        for preview in previews():
            await on.entry(TITLE).get_by_role("button", name=f"See it in {preview.name}").click()
            drawer = on.page.get_by_role("complementary", name=f"See it in {preview.name}")
            shown = json.loads(await drawer.locator("pre").inner_text())
            assert shown == preview.message(on.card("tom", TITLE))
            link = drawer.get_by_role("link", name=f"Open in {preview.tool}")
            await expect(link).to_have_attribute("href", preview.link(shown))
            await drawer.get_by_role("button", name="Close").click()
        assert on.outside == []


async def test_a_page_that_cannot_be_read_loses_nothing() -> None:
    async with stage() as on:
        await on.control("Une page en panne").click()
        await on.button(OpenCompose).click(timeout=SOON)
        await on.dialog.get_by_label("Titre").fill("Écrit à la main")
        await on.sends(Compose).click()
        await expect(on.dialog.get_by_role("alert")).to_be_visible()
        await expect(on.dialog.get_by_label("Titre")).to_have_value("Écrit à la main")
        await on.compose()
        await on.become("Awa")
        await expect(on.entry("Écrit à la main")).to_contain_text(WHY, timeout=SOON)


async def test_the_keyboard_is_enough_for_the_whole_story() -> None:
    async with stage(reduced_motion="reduce") as on:
        keyboard = on.page.keyboard
        await reach(on, on.control(TITLE))
        await keyboard.press("Enter")
        await expect(on.button(OpenCompose)).to_be_visible(timeout=SOON)
        await reach(on, on.button(OpenCompose), backwards=True)
        await keyboard.press("Enter")
        await reach(on, on.dialog.get_by_label("Pourquoi c’est intéressant"))
        await keyboard.type(WHY)
        await reach(on, on.dialog.get_by_label("Accroche 1"))
        await keyboard.type(OPENING)
        await reach(on, on.dialog.get_by_role("radio").first)
        await keyboard.press("Space")
        await reach(on, on.sends(Compose))
        await keyboard.press("Enter")
        await expect(on.dialog).to_be_hidden()

        await reach(on, on.page.get_by_role("radio", name="Camille"), backwards=True)
        await keyboard.press("ArrowDown")
        await expect(on.page.get_by_role("radio", name="Inès")).to_be_checked()
        await expect(on.button(OpenWords)).to_be_visible(timeout=SOON)
        await reach(on, on.button(OpenWords))
        await keyboard.press("Enter")
        await expect(on.dialog.get_by_label("Votre texte")).to_be_focused()
        await keyboard.press("Control+a")
        await keyboard.type(OWN_WORDS)
        await reach(on, on.sends(SaveWords))
        await keyboard.press("Enter")
        await expect(on.entry(OWN_WORDS)).to_be_visible(timeout=SOON)

        await reach(
            on, on.page.get_by_role("link", name=FRENCH("post.share_on", network="LinkedIn")), backwards=True
        )
        async with on.page.context.expect_page() as opened:
            await keyboard.press("Enter")
        await (await opened.value).close()
        await expect(on.button(Posted, "linkedin")).to_be_visible(timeout=SOON)
        await reach(on, on.button(Posted, "linkedin"))
        await keyboard.press("Enter")
        await expect(on.entry(TITLE)).to_contain_text("Publié sur LinkedIn", timeout=SOON)


async def reach(on: Stage, wanted: Locator, *, backwards: bool = False) -> None:
    """Tab there."""
    for _ in range(80):
        if await wanted.evaluate("element => element === document.activeElement"):
            return
        await on.page.keyboard.press("Shift+Tab" if backwards else "Tab")
    raise AssertionError(f"the keyboard does not reach {wanted}")
