"""Every card and every dialog in Microsoft's own renderer, in Chromium: drawn, read, filled and clicked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Page, expect

from bot.chat.action import pack
from bot.chat.card import Button, Card, FormButton, LinkButton, Menu, Row, buttons, every_item
from bot.chat.event import Click, Submission
from bot.chat.form import Answers, Form
from bot.chat.reply import Ask, Say
from bot.platforms.teams import render
from bot.platforms.teams.parse import hear
from tests.browser import IN_A_BROWSER, chromium_page, node_modules
from tests.emulators.teams import TENANT, FakeTeams, TeamsUser
from tests.examples import (
    ASKED,
    CARDS,
    EVERYTHING,
    FILL,
    FORMS,
    HOSTILE,
    PRESS,
    WEB,
    Fill,
    Press,
    hostile_card,
)
from tests.golden.registry import samples
from tests.platforms.teams.conftest import House, connected, microsoft

pytestmark = IN_A_BROWSER

HERE = Path(__file__).parent / "client"
NOE, BRUNO = "29:1x", "bbbbbbbb-0000-4000-8000-000000000002"
PEOPLE = [{"title": "Noé Diallo", "value": NOE}, {"title": "Bruno Costa", "value": BRUNO}]
REQUIRED = "Ce champ est nécessaire."
ERRORS = {"title": "Ce titre est déjà pris."}

EXPECTED_REMARKS = {
    "Maximum number of actions exceeded (6).",  # it counts the overflow menu, which Teams does not
    "Required inputs should have a label",  # a toggle's title stands beside it and says the same
}
MARKUP = "strong, em, code, a, s, del, ul, ol, li, blockquote, pre, hr, img, table, script, b, h1, h3"

DRAWN = {name: render.card(card) for name, card in CARDS.items()} | {
    name: render.dialog(form, required=REQUIRED, errors=ERRORS) for name, form in FORMS.items()
}

BUTTONS = Card(
    "Des boutons",
    (
        buttons(
            Button("Un", Press("1")),
            FormButton("Deux", Fill("2")),
            LinkButton("Trois", f"{WEB}/3"),
            Menu("Autres", (Button("Quatre", Press("4")), FormButton("Cinq", Fill("5")))),
        ),
    ),
)
"""Each says something of its own."""


@pytest_asyncio.fixture(loop_scope="session")
async def house() -> AsyncIterator[House]:
    async with microsoft() as fake, connected(fake, fake.settings()) as house:
        yield house


@asynccontextmanager
async def client(user: TeamsUser | None = None, message: str = "") -> AsyncIterator[Page]:
    """The client's page. What it sends goes to the bot as this user's, signed as Microsoft signs it."""
    modules = node_modules("adaptivecards", "markdown-it")
    scripts = {
        "/": HERE / "index.html",
        "/client.js": HERE / "client.js",
        "/adaptivecards.js": modules / "adaptivecards" / "dist" / "adaptivecards.min.js",
        "/markdown-it.js": modules / "markdown-it" / "dist" / "markdown-it.min.js",
    } | {f"/host/{file.name}": file for file in (HERE / "host").iterdir()}

    async def file(request: web.Request) -> web.FileResponse:
        return web.FileResponse(scripts[request.path])

    async def activity(request: web.Request) -> web.Response:
        assert user is not None
        sent = await request.json()
        whole = user.activity(sent.pop("type"), replyToId=message, **sent)
        status, answer = await user.teams.deliver(whole)
        assert status in (200, 201, 202)
        return web.json_response(answer or {})

    app = web.Application()
    app.add_routes([*(web.get(path, file) for path in scripts), web.post("/activity", activity)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with chromium_page(viewport={"width": 560, "height": 900}, locale="fr-FR") as page:
            faults: list[object] = []
            page.on("pageerror", lambda fault: faults.append(fault))
            await page.route("**/*.png", lambda route: route.fulfill(body=any_picture()))
            await page.goto("http://{}:{}/".format(*runner.addresses[0][:2]))
            start = "([people, connected]) => Object.assign(client, { people, connected })"
            await page.evaluate(start, [PEOPLE, user is not None])
            yield page
            assert faults == []
    finally:
        await runner.cleanup()


def any_picture() -> bytes:
    """A picture for every address, so that no test reaches the network."""
    return (Path(__file__).parents[3] / "manifests" / "teams" / "color.png").read_bytes()


async def draw(page: Page, drawn: dict[str, Any], theme: str = "light") -> set[str]:
    """What the renderer remarked."""
    script = "([card, theme]) => { client.theme = theme; return client.draw(card) }"
    return set(await page.evaluate(script, [drawn, theme]))


async def press(page: Page, label: str) -> None:
    """A button of the card, in the menu if it is not beside the others."""
    button = page.locator("button.ac-pushButton", has_text=label).first
    if not await button.count():
        await page.get_by_role("button", name="More options").first.click()
        button = page.locator(".ac-ctrl-dropdown-item", has_text=label).first
    await button.click()


def heard(data: dict[str, Any], kind: str = "message") -> Any:
    user = TeamsUser(FakeTeams(), "Ada", "00000001-cccc-4ccc-8ccc-000000000001")
    content = {"value": {"data": data}, "name": "task/submit"} if kind == "invoke" else {"value": data}
    return hear(user.activity(kind, **content), TENANT).event


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_renderer_reads_every_card_without_a_remark(theme: str, tmp_path: Path) -> None:
    async with client() as page:
        for name, drawn in DRAWN.items():
            assert await draw(page, drawn, theme) <= EXPECTED_REMARKS, name
            await page.screenshot(path=tmp_path / f"{name}.{theme}.png", full_page=True)


async def test_the_renderer_reads_what_every_feature_shows(tmp_path: Path) -> None:
    async with client() as page:
        for sample in samples():
            card = sample.example
            drawn = render.dialog(card, required=REQUIRED) if isinstance(card, Form) else render.card(card)
            name = f"{sample.feature}.{sample.name}.{sample.language}"
            assert await draw(page, drawn) <= EXPECTED_REMARKS, name
            await page.screenshot(path=tmp_path / f"{name}.png", full_page=True)


@pytest.mark.parametrize("card", [EVERYTHING, BUTTONS], ids=["everything", "buttons"])
async def test_every_button_says_what_the_parser_hears(card: Card) -> None:
    async with client() as page:
        await draw(page, render.card(card))
        items = list(every_item(card))
        for item in items:
            await press(page, item.label)
        pressed = await page.evaluate("client.pressed")
        assert await page.evaluate("client.opened") == [i.url for i in items if hasattr(i, "url")]
    events = [heard(data) for data in pressed]
    assert all(isinstance(event, Click) for event in events)
    assert [event.action for event in events] == [pack(i.action) for i in items if hasattr(i, "action")]


async def test_an_empty_required_input_holds_the_form_and_says_so() -> None:
    async with client() as page:
        await draw(page, render.dialog(ASKED, required=REQUIRED))
        await page.get_by_label("J’ai lu la charte").uncheck()
        await press(page, "Entrer")
        await expect(page.get_by_text(REQUIRED)).to_have_count(2)  # the title and the charter
        assert await page.evaluate("client.pressed") == []


async def fill(page: Page) -> None:
    await page.get_by_label("Titre").fill("Nos alternants")
    await page.get_by_label("Pourquoi ?").fill("Une ligne,\npuis « deux » <at>x</at>")
    await page.get_by_label("À quel rythme ?").select_option("1")
    await page.get_by_role("combobox", name="Thème").select_option("3")
    await page.get_by_label("X", exact=True).check()
    await page.get_by_label("Bruno Costa").check()
    await page.get_by_label("Jusqu’au").fill("2026-12-24")
    await page.get_by_label("À partir de").fill("10:30")
    await page.get_by_label("J’ai lu la charte").check()


FILLED = Answers(
    {
        "title": "Nos alternants",
        "why": "Une ligne,\npuis « deux » <at>x</at>",
        "rhythm": "1",
        "topic": "3",
        "networks": ("li", "x"),
        "team": (f"teams:{TENANT}:{NOE}", f"teams:{TENANT}:{BRUNO}"),
        "until": "2026-12-24",
        "at": "10:30",
        "charter": True,
    }
)


def whole(answers: Answers) -> dict[str, object]:
    """The order in which boxes were ticked is no part of the answer."""
    return {name: set(value) if isinstance(value, tuple) else value for name, value in answers.values.items()}


async def test_a_form_sends_what_was_filled_in() -> None:
    async with client() as page:
        await draw(page, render.dialog(ASKED, required=REQUIRED))
        await fill(page)
        await press(page, "Entrer")
        [data] = await page.evaluate("client.pressed")
    event = heard(data, "invoke")
    assert isinstance(event, Submission)
    assert event.action == pack(ASKED.action)
    assert whole(event.answers) == whole(FILLED)


async def test_typed_markup_stays_words() -> None:
    async with client() as page:
        for words in HOSTILE:
            assert await draw(page, render.card(hostile_card(words))) <= EXPECTED_REMARKS
            assert await page.locator("#card .ac-textBlock").locator(MARKUP).count() == 0, words


async def test_somebody_on_teams_is_called_by_name() -> None:
    async with client() as page:
        await draw(page, render.card(EVERYTHING))
        await expect(page.locator(f"strong[data-id='{NOE}']")).to_have_text("Noé Diallo")


async def test_a_card_reads_aloud_in_order() -> None:
    async with client() as page:
        await draw(page, render.card(EVERYTHING))
        await expect(page.get_by_role("heading", name=EVERYTHING.title)).to_be_visible()
        await expect(page.get_by_role("img", name="Trois alternants autour d’une table")).to_be_visible()
        words = " ".join((await page.locator("#card").inner_text()).split())
    assert "Un par semaine 12 Deux par semaine 6 Jamais 0" in words
    assert "▇" not in words


async def test_a_dialog_from_click_to_close(house: House) -> None:
    user = await house.member()
    house.script.reply = Say(EVERYTHING)
    await user.says("bonjour")
    await house.fake.until(lambda: user.messages)
    async with client(user, user.messages[0].id) as page:
        await draw(page, user.messages[0].card)
        house.script.reply = Ask(ASKED)
        await press(page, "Changer mes mots")
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("heading", name=ASKED.title)).to_be_visible()

        await fill(page)
        house.script.reply = Ask(ASKED, ERRORS)
        await dialog.get_by_role("button", name="Entrer").click()
        await expect(dialog.get_by_text(ERRORS["title"])).to_be_visible()
        await expect(page.get_by_label("Titre")).to_have_value("Nos alternants")
        await expect(page.get_by_label("J’ai lu la charte")).to_be_checked()
        await expect(page.get_by_label("X", exact=True)).to_be_checked()

        house.script.reply = None
        await dialog.get_by_role("button", name="Entrer").click()
        await expect(dialog).to_be_hidden()
    _, opened, first, second = house.script.events
    assert isinstance(opened, Click)
    assert opened.action == pack(FILL)
    assert isinstance(first, Submission)
    assert isinstance(second, Submission)
    assert whole(first.answers) == whole(second.answers) == whole(FILLED)


async def test_a_button_on_a_card_reaches_the_bot(house: House) -> None:
    user = await house.member()
    async with client(user) as page:
        await draw(page, render.card(BUTTONS))
        await press(page, "Un")
        await press(page, "Quatre")
        await page.wait_for_load_state("networkidle")
    assert [e.action for e in house.script.events if isinstance(e, Click)] == [
        pack(Press("1")),
        pack(Press("4")),
    ]


# What can be read at the widths that Teams gives a card

WIDTHS = (320, 460)
"""Pixels of a card on a phone, and beside a list of conversations."""
CUT = """() => [...document.querySelectorAll("#card .ac-pushButton")]
    .map((button) => ({
        label: button.textContent,
        cut: [button, ...button.querySelectorAll("*")].some((part) => part.scrollWidth > part.clientWidth),
        row: button.closest(".ac-columnSet") !== null,
    }))"""


async def labels(page: Page, drawn: dict[str, Any], width: int) -> list[dict[str, Any]]:
    """The buttons of a card of that width: their labels, which are cut, and which stand in a row."""
    await page.evaluate("(width) => document.body.style.setProperty('--width', `${width}px`)", width)
    await draw(page, drawn)
    found: list[dict[str, Any]] = await page.evaluate(CUT)
    return found


@pytest.mark.parametrize("width", WIDTHS)
async def test_what_is_pressed_in_a_row_is_never_cut(width: int) -> None:
    """An option stands whole at the left, and the label at the right is read whole."""
    cut, rows, other = [], 0, dict.fromkeys(("fr", "en"), 0)
    async with client() as page:
        for sample in samples():
            if not isinstance(sample.example, Card):
                continue
            for label in await labels(page, render.card(sample.example), width):
                rows += label["row"]
                if label["cut"] and label["row"]:
                    cut.append((sample.feature, sample.name, sample.language, label["label"]))
                other[sample.language] += label["cut"] and not label["row"]
    print(f"{width} px: {rows} buttons in rows, none of them cut; outside rows cut: {other}")  # noqa: T201
    assert rows > 30
    assert cut == []


@pytest.mark.parametrize("width", WIDTHS)
async def test_the_words_of_a_row_stay_inside_the_card(width: int) -> None:
    long = "Un point chaque lundi matin à dix heures, en visioconférence, pour toutes les équipes d’ici"
    options = (long, "anticonstitutionnellement", "Oui")
    rows = tuple(Row((words,), Button("✓ Voté", PRESS)) for words in options)
    async with client() as page:
        await labels(page, render.card(Card("Quand ?", rows)), width)
        overflow = (
            "() => document.querySelector('#card').scrollWidth - document.querySelector('#card').clientWidth"
        )
        assert await page.evaluate(overflow) <= 0
        for words in options:
            shown = page.get_by_text(words, exact=True)
            await expect(shown).to_be_visible()
            box = await shown.bounding_box()
            assert box is not None
            assert box["x"] + box["width"] < 24 + width
