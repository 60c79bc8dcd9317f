"""The checker is strict: each of these one-step departures from a good payload is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft7Validator
from slack_sdk.models import blocks as sdk
from slack_sdk.models.views import View

from bot.platforms.slack import render
from bot.platforms.slack.text import LIMITS
from tests.examples import CARDS, FORMS
from tests.platforms.slack.blocks import Breach, check

SCHEMAS = Path(__file__).parents[2] / "schemas" / "slack"


def text(words: str, kind: str = "plain_text") -> dict[str, Any]:
    return {"type": kind, "text": words}


def option(value: str) -> dict[str, Any]:
    return {"text": text("Un"), "value": value}


def button(number: int = 1) -> dict[str, Any]:
    return {"type": "button", "action_id": f"act:{number}", "text": text("Partager"), "value": "share/1"}


CONFIRM = {"title": text("Sûr ?"), "text": text("Vraiment ?"), "confirm": text("Oui"), "deny": text("Non")}

MESSAGE: dict[str, Any] = {
    "text": "Bonjour",
    "blocks": [
        {"type": "header", "text": text("Titre")},
        {
            "type": "section",
            "block_id": "s",
            "text": text("*Mots*", "mrkdwn"),
            "fields": [text("a"), text("b")],
        },
        {
            "type": "image",
            "image_url": "https://x.example/a.png",
            "alt_text": "Une table",
            "title": text("Ici"),
        },
        {"type": "context", "elements": [text("petit", "mrkdwn")]},
        {
            "type": "actions",
            "elements": [
                {**button(), "style": "primary", "confirm": CONFIRM},
                {**button(2), "url": "https://x.example"},
                {"type": "overflow", "action_id": "menu:3", "options": [option("later/1"), option("stop/1")]},
            ],
        },
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "Mots", "style": {"bold": True}},
                        {"type": "link", "url": "https://x.example", "text": "ici"},
                        {"type": "user", "user_id": "U1"},
                    ],
                }
            ],
        },
        {"type": "markdown", "text": "# Titre"},
        {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]},
        {"type": "divider"},
    ],
}


def input_block(name: str, element: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": name,
        "label": text("Nom"),
        "element": {"action_id": "value", **element},
    }


OPTIONS = [option("1"), option("2")]
MODAL: dict[str, Any] = {
    "type": "modal",
    "title": text("Entrer"),
    "submit": text("Entrer"),
    "close": text("Annuler"),
    "callback_id": "cercle",
    "private_metadata": "join/1",
    "blocks": [
        input_block(
            "a", {"type": "plain_text_input", "initial_value": "x", "min_length": 1, "max_length": 10}
        ),
        input_block("b", {"type": "static_select", "options": OPTIONS, "initial_option": option("1")}),
        input_block("c", {"type": "checkboxes", "options": OPTIONS, "initial_options": [option("2")]}),
        input_block("d", {"type": "multi_users_select", "initial_users": ["U1"]}),
        input_block("e", {"type": "datepicker", "initial_date": "2026-11-22", "placeholder": text("Jour")}),
        input_block("f", {"type": "timepicker", "initial_time": "09:00"}),
        input_block("g", {"type": "datetimepicker", "initial_date_time": 1_800_000_000}),
        input_block("h", {"type": "radio_buttons", "options": OPTIONS}),
        {"type": "alert", "text": text("Attention"), "level": "info"},
    ],
}
MODAL["blocks"][0]["hint"] = text("Un seul")

HOME: dict[str, Any] = {"type": "home", "blocks": [{"type": "divider"}]}

GOOD = {"message": MESSAGE, "modal": MODAL, "home": HOME}


class Delete(Enum):
    """In the place of a value: the key goes."""

    KEY = "delete"


DELETE = Delete.KEY
BAD: list[tuple[str, str, Any]] = [
    # How many
    ("message", "blocks", [{"type": "divider"}] * 51),
    ("modal", "blocks", [{"type": "divider"}] * 101),
    ("home", "blocks", [{"type": "divider"}] * 101),
    ("message", "blocks", []),
    ("message", "blocks/1/fields", [text("a")] * 11),
    ("message", "blocks/3/elements", [text("a")] * 11),
    ("message", "blocks/3/elements", []),
    ("message", "blocks/4/elements", [button(number) for number in range(26)]),
    ("message", "blocks/4/elements", []),
    ("message", "blocks/4/elements/2/options", [option(str(number)) for number in range(6)]),
    ("message", "blocks/4/elements/2/options", []),
    ("message", "blocks/5/elements/0/elements", []),
    ("message", "blocks/7/rows", [[{"type": "raw_text", "text": "a"}]] * 101),
    ("message", "blocks/7/rows/0", [{"type": "raw_text", "text": "a"}] * 21),
    ("modal", "blocks/1/element/options", [option(str(number)) for number in range(101)]),
    ("modal", "blocks/2/element/options", [option(str(number)) for number in range(1, 12)]),
    ("modal", "blocks/7/element/options", [option(str(number)) for number in range(11)]),
    ("message", "blocks/8", {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}),
    # How long
    ("message", "text", ""),
    ("message", "text", "x" * 4001),
    ("message", "blocks/0/text/text", "x" * 151),
    ("message", "blocks/0/text/text", "👩" * 76),
    ("message", "blocks/0/text/text", ""),
    ("message", "blocks/1/text/text", "x" * 3001),
    ("message", "blocks/1/fields/0/text", "x" * 2001),
    ("message", "blocks/1/block_id", "x" * 256),
    ("message", "blocks/2/alt_text", "x" * 2001),
    ("message", "blocks/2/title/text", "x" * 2001),
    ("message", "blocks/2/image_url", "https://x.example/" + "x" * 3000),
    ("message", "blocks/4/elements/0/text/text", "x" * 76),
    ("message", "blocks/4/elements/0/value", "x" * 2001),
    ("message", "blocks/4/elements/0/action_id", "x" * 256),
    ("message", "blocks/4/elements/0/accessibility_label", "x" * 76),
    ("message", "blocks/4/elements/0/confirm/title/text", "x" * 101),
    ("message", "blocks/4/elements/0/confirm/text/text", "x" * 301),
    ("message", "blocks/4/elements/0/confirm/deny/text", "x" * 31),
    ("message", "blocks/4/elements/1/url", "https://x.example/" + "x" * 3000),
    ("message", "blocks/4/elements/2/options/0/text/text", "x" * 76),
    ("message", "blocks/4/elements/2/options/0/value", "x" * 76),
    ("message", "blocks/6/text", "x" * 12_001),
    ("modal", "title/text", "x" * 25),
    ("modal", "submit/text", "x" * 25),
    ("modal", "close/text", "x" * 25),
    ("modal", "callback_id", "x" * 256),
    ("modal", "private_metadata", "x" * 3001),
    ("modal", "blocks/0/label/text", "x" * 2001),
    ("modal", "blocks/0/hint/text", "x" * 2001),
    ("modal", "blocks/0/element/max_length", 3001),
    ("modal", "blocks/0/element/min_length", 11),
    ("modal", "blocks/0/element/initial_value", "x" * 11),
    ("modal", "blocks/4/element/placeholder/text", "x" * 151),
    ("modal", "blocks/8/text/text", "x" * 201),
    # What is missing
    ("message", "text", DELETE),
    ("message", "blocks/0/text", DELETE),
    ("message", "blocks/1", {"type": "section"}),
    ("message", "blocks/2/image_url", DELETE),
    ("message", "blocks/2/alt_text", DELETE),
    ("message", "blocks/4/elements/0/confirm/deny", DELETE),
    ("message", "blocks/4/elements/0/action_id", DELETE),
    ("message", "blocks/5/elements/0/elements/1/url", DELETE),
    ("modal", "title", DELETE),
    ("modal", "submit", DELETE),
    ("modal", "blocks/0/label", DELETE),
    ("modal", "blocks/0/element", DELETE),
    ("modal", "blocks/1/element/options", DELETE),
    # What has no place
    ("message", "blocks/0/text/type", "mrkdwn"),
    ("message", "blocks/4/elements/0/text/type", "mrkdwn"),
    ("message", "blocks/4/elements/2/options/0/text/type", "mrkdwn"),
    ("modal", "title/type", "mrkdwn"),
    ("message", "blocks/0/type", "heading"),
    ("message", "blocks/0/level", 1),
    ("message", "blocks/4/elements/0/colour", "red"),
    ("message", "blocks/4/elements/0/style", "default"),
    ("message", "blocks/4/elements/0", {"type": "plain_text_input", "action_id": "x"}),
    ("message", "blocks/5/elements/0/elements/0", {"type": "broadcast", "range": "channel"}),
    ("message", "blocks/8", {"type": "alert", "text": text("x")}),
    ("message", "blocks/8", input_block("x", {"type": "plain_text_input"})),
    ("modal", "blocks/8", {"type": "markdown", "text": "x"}),
    ("home", "blocks/0", {"type": "markdown", "text": "x"}),
    ("home", "blocks/0", {"type": "alert", "text": text("x")}),
    ("home", "type", "modal"),
    ("modal", "blocks/0/element", {**button(), "action_id": "value"}),
    # What does not agree
    ("message", "blocks/3/block_id", "s"),
    ("message", "blocks/4/elements/1/action_id", "act:1"),
    ("modal", "blocks/1/block_id", "a"),
    ("modal", "blocks/1/element/initial_option", option("3")),
    ("modal", "blocks/2/element/initial_options", []),
    ("modal", "blocks/2/element/initial_options", [option("3")]),
    ("modal", "blocks/1/element/options/1/value", "1"),
    ("modal", "blocks/1/element/option_groups", [{"label": text("g"), "options": OPTIONS}]),
    # What is of another kind
    ("message", "blocks/2/image_url", "http://x.example/a.png"),
    ("message", "blocks/4/elements/1/url", "javascript:alert(1)"),
    ("message", "blocks/5/elements/0/elements/2/user_id", "Léa"),
    ("message", "blocks/1/expand", "yes"),
    ("modal", "blocks/0/optional", 1),
    ("modal", "blocks/0/element/max_length", "10"),
    ("modal", "blocks/4/element/initial_date", "22/11/2026"),
    ("modal", "blocks/5/element/initial_time", "9 h"),
    ("modal", "blocks/6/element/initial_date_time", 1_800_000),
    ("modal", "blocks/8/level", "calm"),
]


def changed(payload: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    whole = deepcopy(payload)
    *parents, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    node: Any = whole
    for step in parents:
        node = node[step]
    if value is DELETE:
        del node[last]
    else:
        node[last] = value
    return whole


@pytest.mark.parametrize("surface", GOOD)
def test_a_good_payload_passes(surface: str) -> None:
    check(GOOD[surface], surface)


@pytest.mark.parametrize(("surface", "path", "value"), BAD, ids=lambda value: str(value)[:40])
def test_a_bad_one_is_refused(surface: str, path: str, value: Any) -> None:
    with pytest.raises(Breach):
        check(changed(GOOD[surface], path, value), surface)


def test_two_focuses_and_too_much_markdown_are_refused() -> None:
    once = changed(MODAL, "blocks/0/element/focus_on_load", True)
    check(once, "modal")
    with pytest.raises(Breach, match="focus"):
        check(changed(once, "blocks/4/element/focus_on_load", True), "modal")
    with pytest.raises(Breach, match="markdown"):
        check({"text": "x", "blocks": [{"type": "markdown", "text": "x" * 7000}] * 2}, "message")


SDK_LIMITS: list[tuple[str, int]] = [
    ("header", sdk.HeaderBlock.text_max_length),
    ("actions", sdk.ActionsBlock.elements_max_length),
    ("button", sdk.ButtonElement.text_max_length),
    ("option", sdk.Option.label_max_length),
    ("options", sdk.StaticSelectElement.options_max_length),
    ("overflow options", sdk.OverflowMenuElement.options_max_length),
    ("input label", sdk.InputBlock.label_max_length),
    ("alt text", sdk.ImageBlock.alt_text_max_length),
    ("url", sdk.ButtonElement.url_max_length),
    ("view blocks", View.blocks_max_length),
    ("view title", View.title_max_length),
]


@pytest.mark.parametrize(("name", "theirs"), SDK_LIMITS)
def test_our_limits_are_those_of_the_sdk(name: str, theirs: int) -> None:
    assert LIMITS[name] == theirs


def boundary(name: str) -> Callable[[int], tuple[dict[str, Any], str]]:
    """A payload at a given length, for each limit."""
    return {
        "header": lambda n: (changed(MESSAGE, "blocks/0/text/text", "x" * n), "message"),
        "actions": lambda n: (
            changed(MESSAGE, "blocks/4/elements", [button(k) for k in range(n)]),
            "message",
        ),
        "button": lambda n: (changed(MESSAGE, "blocks/4/elements/0/text/text", "x" * n), "message"),
        "option": lambda n: (
            changed(MESSAGE, "blocks/4/elements/2/options/0/text/text", "x" * n),
            "message",
        ),
        "options": lambda n: (
            changed(MODAL, "blocks/1/element/options", [option(str(k)) for k in range(n)]),
            "modal",
        ),
        "checkboxes": lambda n: (
            changed(MODAL, "blocks/2/element/options", [option(str(k)) for k in range(n)]),
            "modal",
        ),
        "overflow options": lambda n: (
            changed(MESSAGE, "blocks/4/elements/2/options", [option(str(k)) for k in range(n)]),
            "message",
        ),
        "input label": lambda n: (changed(MODAL, "blocks/0/label/text", "x" * n), "modal"),
        "input value": lambda n: (changed(MODAL, "blocks/0/element", long_input(n)), "modal"),
        "alt text": lambda n: (changed(MESSAGE, "blocks/2/alt_text", "x" * n), "message"),
        "url": lambda n: (
            changed(MESSAGE, "blocks/4/elements/1/url", "https://".ljust(n, "x")),
            "message",
        ),
        "accessibility label": lambda n: (
            changed(MESSAGE, "blocks/4/elements/1/accessibility_label", "x" * n),
            "message",
        ),
        "view title": lambda n: (changed(MODAL, "title/text", "x" * n), "modal"),
        "view blocks": lambda n: (changed(HOME, "blocks", [{"type": "divider"}] * n), "home"),
        "message blocks": lambda n: (changed(MESSAGE, "blocks", [{"type": "divider"}] * n), "message"),
        "message text": lambda n: (changed(MESSAGE, "blocks", sections(n)), "message"),
        "text object": lambda n: (changed(MESSAGE, "blocks/1/text/text", "x" * n), "message"),
    }[name]


def sections(length: int) -> list[dict[str, Any]]:
    """So much text, in as many blocks as it needs."""
    whole = "x" * length
    parts = (whole[start : start + 2000] for start in range(0, length, 2000))
    return [{"type": "section", "text": {"type": "plain_text", "text": part}} for part in parts]


def long_input(length: int) -> dict[str, Any]:
    return {"type": "plain_text_input", "action_id": "value", "initial_value": "x" * length}


@pytest.mark.parametrize("name", LIMITS)
def test_checker_and_renderer_draw_the_line_at_the_same_place(name: str) -> None:
    payload = boundary(name)
    check(*payload(LIMITS[name]))
    with pytest.raises(Breach):
        check(*payload(LIMITS[name] + 1))


@pytest.fixture(scope="module")
def official() -> dict[str, Draft7Validator]:
    """JSON Schemas made from @slack/types: its structure, by Slack's own hand, without lengths."""
    schema = json.loads((SCHEMAS / "blocks.schema.json").read_text("utf-8"))
    names = ("KnownBlock", "ModalView", "HomeView")
    return {name: Draft7Validator({**schema, "$ref": f"#/definitions/{name}"}) for name in names}


def test_what_we_draw_has_the_structure_of_slacks_own_types(official: dict[str, Draft7Validator]) -> None:
    for card in CARDS.values():
        for block in render.message(card)["blocks"]:
            official["KnownBlock"].validate(block)
        official["HomeView"].validate(render.home(card))
    for form in FORMS.values():
        view = render.modal(form, cancel="Annuler")
        official["ModalView"].validate(view)
        for block in view["blocks"]:
            official["KnownBlock"].validate(block)


def test_what_we_call_good_has_the_structure_of_slacks_own_types(
    official: dict[str, Draft7Validator],
) -> None:
    for block in MESSAGE["blocks"] + MODAL["blocks"]:
        official["KnownBlock"].validate(block)
    assert not official["KnownBlock"].is_valid({"type": "header", "text": text("x", "mrkdwn")})
