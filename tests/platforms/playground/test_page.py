"""The page in a real browser: what a person does, by mouse, by keyboard, on a phone, in the dark."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from bot.chat.card import Button, Card, buttons, text
from bot.chat.event import Command, Submission
from bot.platforms.playground.persona import PERSONAS
from tests.browser import IN_A_BROWSER, chromium_page
from tests.platforms.playground.scene import Rest, Scene, kitchen, served

pytestmark = IN_A_BROWSER


@asynccontextmanager
async def opened(person: str = "camille", **context: Any) -> AsyncIterator[tuple[Page, Scene]]:
    """The page as that person, in a browser where any error in the console fails the test."""
    complaints: list[str] = []
    async with served() as scene, chromium_page(**context) as page:
        page.set_default_timeout(8_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        await page.goto(f"{scene.url}/playground#{person}")
        await expect(page.locator(".face :checked")).to_have_value(person)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Cercle")
        await expect(page.locator("#clock")).not_to_be_empty()
        yield page, scene
        assert complaints == []


def line(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Votre message")


def last(page: Page) -> Locator:
    return page.locator(".entry").last


def title(page: Page) -> Locator:
    return last(page).get_by_role("heading")


def chooser(page: Page) -> Locator:
    return page.get_by_role("button", name="Changer de personne ou de conversation")


async def type_in(page: Page, words: str) -> None:
    await line(page).fill(words)
    await page.keyboard.press("Enter")


async def test_a_command_brings_a_card_and_a_button_changes_it() -> None:
    async with opened() as (page, _):
        await type_in(page, "/cercle cuisine")
        await expect(title(page)).to_have_text("Comment nous accueillons nos alternants")
        await expect(page.get_by_role("img", name="Des cercles de couleur autour d'un grand")).to_be_visible()
        await last(page).get_by_role("button", name="Saluer", exact=True).click()
        await expect(title(page)).to_have_text("Salué 1 fois")
        again = last(page).get_by_role("button", name="Saluer encore")
        await again.focus()
        await page.keyboard.press("Enter")
        await expect(title(page)).to_have_text("Salué 2 fois")
        assert await page.evaluate("document.activeElement !== document.body")


async def test_a_person_is_chosen_and_the_page_speaks_their_language() -> None:
    async with opened() as (page, scene):
        await scene.deliver("tom", Card("Hello Tom", (text("Something for you."),)))
        tom = page.locator(".face", has_text="Tom")
        await expect(tom.locator(".dot")).to_be_visible()
        await page.get_by_text("Tom", exact=True).click()
        await expect(page.get_by_role("button", name="Send")).to_be_visible()
        await expect(page.locator("html")).to_have_attribute("lang", "en")
        await expect(title(page)).to_have_text("Hello Tom")
        await expect(tom.locator(".dot")).to_be_hidden()
        assert page.url.endswith("#tom")
        await page.reload()
        await expect(page.get_by_role("radio", name="Tom")).to_be_checked()


async def test_what_arrives_shows_at_once_and_is_said() -> None:
    async with opened("ines") as (page, scene):
        reference = await scene.deliver("ines", Card("Un contenu", (text("À lire."),)))
        await expect(title(page)).to_have_text("Un contenu")
        await expect(page.locator("#announcer")).to_have_text("Cercle : Un contenu — À lire.")
        await scene.playground.messenger.delete(scene.address("ines"), reference)
        await expect(page.locator(".entry")).to_have_count(0)


async def test_a_form_is_wrong_then_right() -> None:
    async with opened("ines") as (page, scene):
        await scene.deliver("ines", kitchen(scene.url))
        await last(page).get_by_role("button", name="Changer mes mots").click()
        dialog = page.get_by_role("dialog", name="Vos mots")
        await expect(dialog).to_be_visible()
        await expect(dialog.get_by_label("Titre")).to_be_focused()
        why = dialog.get_by_label("Pourquoi le partager")
        await why.fill("un mot interdit")
        await expect(dialog.locator("#count-why")).to_contain_text("15 / 280")
        await dialog.get_by_label("Jour").fill("2026-11-22")
        await dialog.get_by_role("group", name="Avec").get_by_label("Tom").check()
        await dialog.get_by_role("button", name="Enregistrer").click()
        await expect(dialog.get_by_role("checkbox", name="J'ai lu la charte")).to_have_attribute(
            "aria-invalid", "true"
        )
        await dialog.get_by_label("J'ai lu la charte").check()
        await dialog.get_by_role("button", name="Enregistrer").click()
        await expect(why).to_have_accessible_description("Une phrase suffit. Ce mot-là ne passe pas.")
        await expect(why).to_have_value("un mot interdit")
        await expect(why).to_be_focused()
        await expect(dialog.get_by_label("Tom")).to_be_checked()
        await why.fill("un mot permis")
        await dialog.get_by_role("button", name="Enregistrer").click()
        await expect(dialog).to_be_hidden()
        await expect(title(page)).to_have_text("Enregistré")
        sent = scene.programme.heard[-1]
        assert isinstance(sent, Submission)
        assert sent.answers.values == {
            "title": "Comment nous accueillons",
            "why": "un mot permis",
            "network": "linkedin",
            "topic": "",
            "langs": ("fr",),
            "with": (PERSONAS[2].address,),
            "day": "2026-11-22",
            "hour": "09:00",
            "agree": True,
        }


async def test_the_form_closes_by_escape_and_gives_the_focus_back() -> None:
    async with opened("ines") as (page, scene):
        await scene.deliver("ines", kitchen(scene.url))
        button = last(page).get_by_role("button", name="Changer mes mots")
        await button.click()
        dialog = page.get_by_role("dialog", name="Vos mots")
        await expect(dialog).to_be_visible()
        for _ in range(40):
            await page.keyboard.press("Tab")
            assert await page.evaluate(
                "document.activeElement.closest('dialog') || document.activeElement === document.body"
            )
        await dialog.get_by_role("button", name="Voir dans Slack").click()
        await expect(page.locator("#payload")).to_contain_text('"type": "modal"')
        await page.keyboard.press("Escape")
        await expect(page.locator("#payload")).to_be_hidden()
        await expect(dialog).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await expect(button).to_be_focused()


async def test_the_json_of_both_chats() -> None:
    async with opened("ines") as (page, scene):
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await scene.deliver("ines", Card("Un contenu"))
        slack = last(page).get_by_role("button", name="Voir dans Slack")
        await slack.click()
        drawer = page.get_by_role("complementary", name="Voir dans Slack")
        await expect(drawer.get_by_role("link", name="Ouvrir dans Block Kit Builder")).to_have_attribute(
            "href",
            "https://app.slack.com/block-kit-builder/#%7B%22blocks%22%3A%5B%7B%22type%22%3A%22header%22"
            "%2C%22text%22%3A%7B%22type%22%3A%22plain_text%22%2C%22text%22%3A%22Un%20contenu%22%7D%7D%5D%7D",
        )
        await drawer.get_by_role("button", name="Copier le JSON").click()
        await expect(drawer.get_by_role("button", name="Copié")).to_be_visible()
        copied = json.loads(await page.evaluate("navigator.clipboard.readText()"))
        assert copied[0]["type"] == "header"
        await drawer.get_by_role("button", name="Teams", exact=True).click()
        drawer = page.get_by_role("complementary", name="Voir dans Teams")
        await expect(drawer.locator("pre")).to_contain_text("AdaptiveCard")
        await expect(drawer).to_contain_text("Card payload editor")
        await drawer.get_by_role("button", name="Fermer").click()
        await expect(drawer).to_be_hidden()


async def test_the_keyboard_is_enough() -> None:
    async with opened() as (page, _):
        await page.get_by_role("radio", name="Camille").focus()
        await page.keyboard.press("ArrowDown")
        await expect(page.get_by_role("radio", name="Inès")).to_be_checked()
        await expect(page.get_by_role("radio", name="Inès")).to_be_focused()
        await line(page).focus()
        await page.keyboard.type("/")
        options = page.get_by_role("listbox", name="Commandes").get_by_role("option")
        await expect(options).to_have_count(6)
        await page.keyboard.type("cercle cu")
        await expect(options).to_have_count(1)
        await page.keyboard.press("ArrowDown")
        await expect(line(page)).to_have_attribute("aria-activedescendant", "verb-0")
        await page.keyboard.press("Enter")
        await expect(line(page)).to_have_value("/cercle cuisine ")
        await page.keyboard.press("Enter")
        await expect(last(page).locator(".card")).to_be_visible()
        await expect(line(page)).to_have_value("")
        await page.keyboard.press("ArrowUp")
        await expect(line(page)).to_have_value("/cercle cuisine")
        await page.keyboard.press("ArrowDown")
        await expect(line(page)).to_have_value("")
        menu = last(page).locator("summary")
        await menu.focus()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(last(page).get_by_role("button", name="Plus tard")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(menu).to_be_focused()
        await expect(last(page).get_by_role("button", name="Plus tard")).to_be_hidden()


async def test_channels_and_home() -> None:
    async with opened("ines") as (page, _):
        await page.get_by_role("button", name="general").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("#general")
        assert page.url.endswith("#ines/general")
        await type_in(page, "bonjour à tous")
        await type_in(page, "/cercle aide")
        await expect(last(page)).to_contain_text("Visible de vous seulement")
        await page.get_by_text("Hugo", exact=True).click()
        await expect(page.locator(".entry")).to_have_count(1)
        await expect(last(page)).to_contain_text("bonjour à tous")
        await page.get_by_role("button", name="Accueil").click()
        await expect(page.get_by_role("heading", name="Votre cercle")).to_be_visible()
        await expect(line(page)).to_be_hidden()


async def test_a_line_leaves_while_the_one_before_it_is_not_answered() -> None:
    async with opened("ines") as (page, _):
        answer = asyncio.Event()

        async def hold(route: Route) -> None:
            if "bonjour" in (route.request.post_data or ""):
                await answer.wait()
            await route.continue_()

        await page.route("**/playground/act", hold)
        await type_in(page, "bonjour à tous")
        await type_in(page, "/cercle aide")
        await expect(title(page)).to_have_text("Entendu")
        await expect(line(page)).to_have_value("")
        answer.set()
        await expect(page.locator(".typed", has_text="bonjour à tous")).to_be_visible()


async def test_a_first_step_is_one_click() -> None:
    async with opened() as (page, scene):
        who = page.get_by_role("heading", name="Vous êtes Camille · équipe communication")
        await expect(who).to_be_visible()
        pages = page.get_by_role("list", name="Des pages à proposer")
        await expect(pages.get_by_role("button")).to_have_count(6)
        await pages.get_by_role("button", name="Comment nous accueillons nos alternants").click()
        await expect(title(page)).to_have_text("Entendu")
        [event] = scene.programme.heard
        assert isinstance(event, Command)
        assert event.text == f"publier {scene.url}/playground/world/fr/accueil-alternants"
        await expect(line(page)).to_be_focused()
        await expect(who).to_be_hidden()
        await page.get_by_text("Que faire ensuite").click()
        await page.get_by_role("button", name="Passer à Inès").click()
        await expect(page.get_by_role("radio", name="Inès")).to_be_checked()
        await page.get_by_role("button", name="Passer à Camille").click()
        await expect(last(page)).to_contain_text("Entendu")
        await page.get_by_text("Lou", exact=True).click()
        await page.get_by_role("button", name="Lire l’appel dans #general").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("#general")


async def test_the_clock_is_put_forward() -> None:
    async with opened("tom") as (page, _):
        await expect(page.locator("#clock")).to_have_text("Monday 16 November at 09:30")
        hugo = page.locator(".face", has_text="Hugo")
        await expect(hugo).to_contain_text("04:30")
        await page.get_by_role("button", name="+ 1 hour").click()
        await expect(page.locator("#clock")).to_have_text("Monday 16 November at 10:30")
        await expect(page.locator("#announcer")).to_have_text("Monday 16 November at 10:30")
        await expect(hugo).to_contain_text("05:30")
        await page.get_by_role("button", name="To next morning").click()
        await expect(page.locator("#clock")).to_have_text("Tuesday 17 November at 09:00")


async def test_after_a_restart_what_was_there_stays_readable() -> None:
    async with chromium_page() as page:
        async with served() as scene:
            await page.goto(f"{scene.url}/playground#ines")
            await scene.deliver("ines", Card("Un contenu"))
            await expect(title(page)).to_have_text("Un contenu")
            port = int(scene.url.rpartition(":")[2])
        await expect(page.get_by_text("Connexion perdue")).to_be_visible(timeout=10_000)
        await expect(title(page)).to_have_text("Un contenu")
        async with served(port):
            notice = page.get_by_role("alert").filter(has_text="Cercle a redémarré")
            await expect(notice).to_be_visible(timeout=10_000)
            await expect(title(page)).to_have_text("Un contenu")
            await notice.get_by_role("button", name="Recharger la page").click()
            await expect(page.get_by_role("heading", name="Vous êtes Inès")).to_be_visible()
            await expect(notice).to_be_hidden()


async def test_a_page_that_finds_no_server_says_so_and_fills_itself() -> None:
    async with served() as scene, chromium_page() as page:
        await page.route(re.compile("/playground/st(ate|ream)"), lambda route: route.abort())
        await page.goto(f"{scene.url}/playground#ines")
        await expect(page.get_by_role("alert")).to_contain_text("Cercle ne répond pas encore.")
        await expect(page.get_by_role("alert")).to_contain_text("Cercle is not answering yet.")
        await page.unroute_all()
        await expect(page.get_by_role("heading", name="Vous êtes Inès")).to_be_visible(timeout=10_000)
        await expect(page.get_by_text("Cercle ne répond pas encore.")).to_be_hidden()


async def test_a_form_that_begins_with_reading_begins_at_its_top() -> None:
    async with opened("ines", viewport={"width": 360, "height": 480}) as (page, scene):
        await scene.deliver("ines", kitchen(scene.url))
        await last(page).get_by_role("button", name="Changer mes mots").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_text("reste le vôtre")).to_be_in_viewport()
        assert await page.evaluate("document.querySelector('.parts').scrollTop") == 0


async def test_at_twice_the_size_everything_is_still_there() -> None:
    """A 1280 by 800 window at 200 % is 640 by 400 to the page (WCAG 1.4.10)."""
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    async with opened(viewport={"width": 640, "height": 400}) as (page, _):
        step = page.get_by_role("button", name="Comment nous accueillons nos alternants")
        await expect(step).to_be_in_viewport()
        await type_in(page, "/cercle cuisine")
        await last(page).get_by_role("button", name="Changer mes mots").click()
        save = page.get_by_role("dialog").get_by_role("button", name="Enregistrer")
        await expect(save).to_be_in_viewport()
        assert not await page.evaluate(wide)
        await page.keyboard.press("Escape")
        await chooser(page).click()
        await page.get_by_role("button", name="+ 1 heure").click()
        assert not await page.evaluate(wide)


async def test_hostile_words_stay_words() -> None:
    async with opened("ines") as (page, scene):
        await type_in(page, "<img src=x onerror=document.title='owned'><script>alert(1)</script>")
        await expect(page.locator(".entry")).to_have_count(2)
        await expect(page.locator(".entry script, .entry img[src=x]")).to_have_count(0)
        assert "owned" not in await page.title()
        assert len(scene.programme.heard) == 1


async def test_a_server_that_is_gone_loses_nothing_typed() -> None:
    async with served() as scene, chromium_page() as page:
        await page.goto(f"{scene.url}/playground#ines")
        await expect(page.locator("#clock")).not_to_be_empty()
        await page.route("**/playground/act", lambda route: route.abort())
        await type_in(page, "/cercle aide")
        await expect(page.get_by_role("alert")).to_contain_text("Ce que vous avez écrit est gardé")
        await expect(line(page)).to_have_value("/cercle aide")


async def test_without_a_stream_the_page_looks_by_itself() -> None:
    async with served() as scene, chromium_page() as page:
        await page.route("**/playground/stream*", lambda route: route.abort())
        await page.goto(f"{scene.url}/playground#ines")
        await expect(page.locator("#clock")).not_to_be_empty()
        await scene.deliver("ines", Card("Un contenu"))
        await expect(title(page)).to_have_text("Un contenu", timeout=8_000)


async def test_a_phone_never_scrolls_sideways() -> None:
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    async with opened("ines", viewport={"width": 360, "height": 740}, has_touch=True) as (page, scene):
        await scene.deliver("ines", kitchen(scene.url))
        await scene.deliver(
            "ines", Card("Un-mot-sans-fin-" * 20, (text("https://example.com/" + "x" * 300),)), "n2"
        )
        await expect(title(page)).to_be_visible()
        assert not await page.evaluate(wide)
        beyond = "(e) => e.checkVisibility() && e.getBoundingClientRect().right > 360"
        assert not await page.evaluate(f"[...document.querySelectorAll('.card *')].some({beyond})")
        await chooser(page).click()
        await expect(page.get_by_role("radio", name="Hugo")).to_be_visible()
        assert not await page.evaluate(wide)
        await page.get_by_text("Hugo", exact=True).click()
        await expect(chooser(page)).to_be_focused()
        await type_in(page, "/cercle cuisine")
        await last(page).get_by_role("button", name="Changer mes mots").click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        assert not await page.evaluate(wide)
        await page.keyboard.press("Escape")
        await last(page).get_by_role("button", name="Voir dans Teams").click()
        await expect(page.locator("#payload")).to_be_visible()
        assert not await page.evaluate(wide)


CONTRAST = """
() => {
  const rgb = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const line = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    return 0.2126 * line(r) + 0.7152 * line(g) + 0.0722 * line(b);
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || element.matches(".unseen, noscript *, [hidden] *") || !element.checkVisibility()) continue;
    const ink = light(rgb(getComputedStyle(element).color));
    const [a, b] = [ink, light(ground(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(element.className + element.textContent.slice(0, 30) + ratio);
  }
  return poor;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_words_stand_out_from_their_ground(scheme: str) -> None:
    async with opened("ines", color_scheme=scheme, reduced_motion="reduce") as (page, scene):
        await scene.deliver("ines", kitchen(scene.url))
        await type_in(page, "/cercle aide")
        await expect(page.locator(".entry")).to_have_count(3)
        assert await page.evaluate(CONTRAST) == []
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == {"light": "rgb(246, 241, 233)", "dark": "rgb(25, 24, 22)"}[scheme]
        await page.locator(".entry").first.get_by_role("button", name="Changer mes mots").click()
        await page.get_by_role("button", name="Enregistrer").click()
        await expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
        assert await page.evaluate(CONTRAST) == []


async def test_a_screen_reader_has_names_for_everything() -> None:
    async with opened("ines") as (page, scene):
        await scene.deliver("ines", kitchen(scene.url))
        await expect(last(page).locator(".card")).to_be_visible()
        for role in ("main", "navigation", "complementary"):
            await expect(page.get_by_role(role)).to_have_count(1)
        await expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()
        await expect(page.get_by_role("group", name="Qui êtes-vous ?")).to_be_visible()
        nameless = await page.evaluate(
            """() => [...document.querySelectorAll("button, a, summary, input")]
            .filter((e) => e.checkVisibility() && !(e.ariaLabel || e.textContent.trim() || e.labels?.length))
            .map((e) => e.outerHTML)"""
        )
        assert nameless == []
        link = last(page).get_by_role("link", name="Partager sur LinkedIn (nouvel onglet)")
        await expect(link).to_have_attribute("rel", "noopener")


async def test_a_button_pressed_twice_in_haste_is_pressed_once() -> None:
    async with opened("ines") as (page, scene):
        await scene.deliver("ines", Card("t", (buttons(Button("Noter", Rest())),)))
        await page.get_by_role("button", name="Noter").dblclick()
        await expect(page.locator(".entry")).to_have_count(2)
        assert len(scene.programme.heard) == 1
