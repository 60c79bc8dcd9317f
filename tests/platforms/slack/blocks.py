"""What Slack refuses, refused here first: a strict reading of Block Kit for what a bot posts and opens.

Figures: @slack/types 3.2.0 (the comments of its block-kit types) and docs.slack.dev/reference/block-kit,
read in November 2026; where the two differ, the smaller. Lengths are UTF-16 units: Slack publishes no way of
counting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Check = Callable[[Any, str], None]


class Breach(ValueError):
    """The path of what is wrong, and why."""


def refuse(path: str, why: str) -> None:
    raise Breach(f"{path}: {why}")


# Values


def _units(value: str) -> int:
    return len(value.encode("utf-16-le")) // 2


def string(most: int, *, least: int = 1, pattern: str = "") -> Check:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, str):
            refuse(path, "not a string")
        if not least <= _units(value) <= most:
            refuse(path, f"{least} to {most} characters")
        if pattern and not re.fullmatch(pattern, value):
            refuse(path, f"not of the form {pattern}")

    return check


def number(least: int, most: int) -> Check:
    def check(value: Any, path: str) -> None:
        if type(value) is not int or not least <= value <= most:
            refuse(path, f"not a number from {least} to {most}")

    return check


def flag(value: Any, path: str) -> None:
    if not isinstance(value, bool):
        refuse(path, "not a boolean")


def one_of(*values: Any) -> Check:
    def check(value: Any, path: str) -> None:
        if value not in values:
            refuse(path, f"not one of {values}")

    return check


def many(inner: Check, most: int, *, least: int = 1) -> Check:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            refuse(path, f"not a list of {least} to {most}")
        for index, item in enumerate(value):
            inner(item, f"{path}/{index}")

    return check


# Objects


@dataclass(frozen=True)
class Shape:
    """The properties an object must and may have; `rule` sees it whole."""

    must: Mapping[str, Check]
    may: Mapping[str, Check]
    rule: Check = lambda value, path: None

    def __call__(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            refuse(path, "not an object")
        if missing := self.must.keys() - value.keys():
            refuse(path, f"without {sorted(missing)}")
        if unknown := value.keys() - self.must.keys() - self.may.keys():
            refuse(path, f"unknown {sorted(unknown)}")
        for name, inner in value.items():
            {**self.must, **self.may}[name](inner, f"{path}/{name}")
        self.rule(value, path)


def typed(shapes: Mapping[str, Shape], *allowed: str) -> Check:
    """An object whose `type` names its shape."""

    def check(value: Any, path: str) -> None:
        kind = str(value.get("type")) if isinstance(value, dict) else ""
        if kind not in (allowed or shapes):
            refuse(path, f"{kind!r} has no place here")
        shapes[kind](value, path)

    return check


def plain(most: int) -> Shape:
    return Shape({"type": one_of("plain_text"), "text": string(most)}, {"emoji": flag})


def mrkdwn(most: int) -> Shape:
    return Shape({"type": one_of("mrkdwn"), "text": string(most)}, {"verbatim": flag})


def words(most: int) -> Check:
    return typed({"plain_text": plain(most), "mrkdwn": mrkdwn(most)})


ID = string(255)
URL = string(3000, pattern=r"https?://\S+")
PICTURE = string(3000, pattern=r"https://\S+")

CONFIRM = Shape(
    {"title": plain(100), "text": words(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)


def _has_text_or_fields(value: Any, path: str) -> None:
    if not value.keys() & {"text", "fields"}:
        refuse(path, "neither text nor fields")


def _options_of(value: Mapping[str, Any]) -> list[Any]:
    groups = value.get("option_groups", [])
    return [*value.get("options", []), *(option for group in groups for option in group["options"])]


def _starts_inside(value: Any, path: str) -> None:
    """Options or groups, not both; what is chosen at first is among them; no value twice."""
    if "option_groups" in value and "options" in value:
        refuse(path, "options and option_groups")
    options = _options_of(value)
    if not options:
        refuse(path, "no options")
    if len({option.get("value") for option in options}) < len(options):
        refuse(path, "two options with one value")
    chosen = [value["initial_option"]] if "initial_option" in value else value.get("initial_options", [])
    if any(each not in options for each in chosen):
        refuse(path, "an initial option that is not offered")


def _length_fits(value: Any, path: str) -> None:
    longest = value.get("max_length", 3000)
    if value.get("min_length", 0) > longest or _units(value.get("initial_value", "")) > longest:
        refuse(path, "min_length or initial_value above max_length")


def option(*, text: Check, url: bool = False) -> Shape:
    may: dict[str, Check] = {"description": plain(75)} | ({"url": URL} if url else {})
    return Shape({"text": text, "value": string(75)}, may)


Properties = dict[str, Check]
ANYTHING: Check = lambda value, path: None  # noqa: E731
FOCUS: Properties = {"focus_on_load": flag}
HOLDER: Properties = {"placeholder": plain(150)}
SURE: Properties = {"confirm": CONFIRM}
CHOICES = many(option(text=plain(75)), 100)
TICKS = many(option(text=words(75)), 10)
GROUPS = many(Shape({"label": plain(75), "options": CHOICES}, {}), 100)
USER = string(255, pattern="[UW][A-Z0-9]+")
CHANNEL = string(255, pattern="[CG][A-Z0-9]+")
DAY = string(10, pattern=r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
HOUR = string(5, pattern=r"([01]\d|2[0-3]):[0-5]\d")
COLOUR = one_of("primary", "danger")


def element(kind: str, must: Properties, may: Properties, rule: Check = ANYTHING) -> Shape:
    return Shape({"type": one_of(kind), "action_id": ID, **must}, may, rule)


def select(kind: str, initial: Properties) -> Shape:
    offered: Properties = {"options": CHOICES, "option_groups": GROUPS}
    return element(kind, {}, {**offered, **initial, **SURE, **FOCUS, **HOLDER}, _starts_inside)


def picker(kind: str, initial: Properties) -> Shape:
    return element(kind, {}, {**initial, **SURE, **FOCUS, **HOLDER})


SEVERAL: Properties = {"max_selected_items": number(1, 100)}
ELEMENTS: dict[str, Shape] = {
    "button": element(
        "button",
        {"text": plain(75)},
        {"value": string(2000), "url": URL, "style": COLOUR, "accessibility_label": string(75), **SURE},
    ),
    "overflow": element("overflow", {"options": many(option(text=plain(75), url=True), 5)}, SURE),
    "static_select": select("static_select", {"initial_option": option(text=plain(75))}),
    "multi_static_select": select("multi_static_select", {"initial_options": CHOICES, **SEVERAL}),
    "checkboxes": element(
        "checkboxes", {"options": TICKS}, {"initial_options": TICKS, **SURE, **FOCUS}, _starts_inside
    ),
    "radio_buttons": element(
        "radio_buttons",
        {"options": TICKS},
        {"initial_option": option(text=words(75)), **SURE, **FOCUS},
        _starts_inside,
    ),
    "users_select": picker("users_select", {"initial_user": USER}),
    "multi_users_select": picker("multi_users_select", {"initial_users": many(USER, 100), **SEVERAL}),
    "datepicker": picker("datepicker", {"initial_date": DAY}),
    "timepicker": picker("timepicker", {"initial_time": HOUR, "timezone": string(255)}),
    "datetimepicker": element(
        "datetimepicker", {}, {"initial_date_time": number(10**9, 10**10 - 1), **SURE, **FOCUS}
    ),
    "plain_text_input": element(
        "plain_text_input",
        {},
        {
            "multiline": flag,
            "min_length": number(0, 3000),
            "max_length": number(1, 3000),
            "initial_value": string(3000),
            **FOCUS,
            **HOLDER,
        },
        _length_fits,
    ),
}
PICTURES: dict[str, Shape] = {
    "image": Shape({"type": one_of("image"), "image_url": PICTURE, "alt_text": string(2000)}, {})
}
IN_ACTIONS = tuple(ELEMENTS.keys() - {"plain_text_input"})
IN_INPUT = tuple(ELEMENTS.keys() - {"button", "overflow"})
IN_SECTION = tuple(ELEMENTS.keys() - {"plain_text_input", "datetimepicker"})

DATE = r"[^{}]*(?:\{(?:date_long|date_long_pretty|time)\}[^{}]*)+"
"""Those of the tokens of a date that we use."""
MOMENTS = re.compile(r"<!date\^\d+\^[^<>|^]*\|(?P<fallback>[^<>|]*)>")
"""The moments in mrkdwn, which only we write."""
STYLE = Shape({}, dict.fromkeys(("bold", "italic", "strike", "code"), flag))
SPANS: dict[str, Shape] = {
    "text": Shape({"type": one_of("text"), "text": string(3000)}, {"style": STYLE}),
    "link": Shape({"type": one_of("link"), "url": URL}, {"text": string(3000), "style": STYLE}),
    "user": Shape({"type": one_of("user"), "user_id": USER}, {"style": STYLE}),
    "date": Shape(
        {"type": one_of("date"), "timestamp": number(1, 10**11), "format": string(100, pattern=DATE)},
        {"fallback": string(3000), "style": STYLE},
    ),
    "channel": Shape({"type": one_of("channel"), "channel_id": CHANNEL}, {"style": STYLE}),
}
PARAGRAPHS: dict[str, Shape] = {
    kind: Shape({"type": one_of(kind), "elements": many(typed(SPANS), 1000)}, {})
    for kind in ("rich_text_section", "rich_text_quote")
}
TEXTS = {"plain_text": plain(3000), "mrkdwn": mrkdwn(3000)}
LEVEL = one_of("default", "info", "warning", "error", "success")
CELLS: dict[str, Shape] = {"raw_text": Shape({"type": one_of("raw_text"), "text": string(3000)}, {})}


def block(kind: str, must: Properties, may: Properties | None = None, rule: Check = ANYTHING) -> Shape:
    return Shape({"type": one_of(kind), **must}, {"block_id": ID, **(may or {})}, rule)


BLOCKS: dict[str, Shape] = {
    "section": block(
        "section",
        {},
        {
            "text": words(3000),
            "fields": many(words(2000), 10),
            "accessory": typed(ELEMENTS | PICTURES, *IN_SECTION, "image"),
            "expand": flag,
        },
        _has_text_or_fields,
    ),
    "header": block("header", {"text": plain(150)}),
    "divider": block("divider", {}),
    "image": block("image", {"image_url": PICTURE, "alt_text": string(2000)}, {"title": plain(2000)}),
    "actions": block("actions", {"elements": many(typed(ELEMENTS, *IN_ACTIONS), 25)}),
    "context": block("context", {"elements": many(typed(PICTURES | TEXTS), 10)}),
    "input": block(
        "input",
        {"label": plain(2000), "element": typed(ELEMENTS, *IN_INPUT)},
        {"hint": plain(2000), "optional": flag, "dispatch_action": flag},
    ),
    "rich_text": block("rich_text", {"elements": many(typed(PARAGRAPHS), 100)}),
    "markdown": block("markdown", {"text": string(12_000)}),
    "table": block("table", {"rows": many(many(typed(CELLS), 20), 100)}),
    "alert": block("alert", {"text": words(200)}, {"level": LEVEL}),
}

NOT_IN_VIEWS = ("markdown", "table")
SURFACES: dict[str, Shape] = {
    "message": Shape(
        {"text": string(4000), "blocks": many(typed(BLOCKS, *(BLOCKS.keys() - {"alert", "input"})), 50)}, {}
    ),
    "modal": Shape(
        {
            "type": one_of("modal"),
            "title": plain(24),
            "blocks": many(typed(BLOCKS, *(BLOCKS.keys() - set(NOT_IN_VIEWS))), 100),
        },
        {
            "submit": plain(24),
            "close": plain(24),
            "private_metadata": string(3000),
            "callback_id": ID,
            "external_id": ID,
            "clear_on_close": flag,
            "notify_on_close": flag,
        },
    ),
    "home": Shape(
        {
            "type": one_of("home"),
            "blocks": many(typed(BLOCKS, *(BLOCKS.keys() - {"alert", *NOT_IN_VIEWS})), 100),
        },
        {"private_metadata": string(3000), "callback_id": ID, "external_id": ID},
    ),
}
"""`text` of a message: 4,000 in chat.update, 40,000 in chat.postMessage; every message may be updated.
Inputs in messages and in the Home tab exist in the types; ours live in modals only."""


# The whole


def check(payload: Any, surface: str) -> None:
    """Raises Breach at the first thing Slack would refuse."""
    SURFACES[surface](payload, surface)
    _unique("block_id", payload["blocks"], surface)
    for within in payload["blocks"] if surface == "modal" else [payload["blocks"]]:
        _unique("action_id", within, surface)
    kinds = [node["type"] for node in payload["blocks"]]
    if "input" in kinds and surface == "modal" and "submit" not in payload:
        refuse(surface, "an input without submit")
    if kinds.count("table") > 1:
        refuse(surface, "two tables")
    if sum(len(node["text"]) for node in payload["blocks"] if node["type"] == "markdown") > 12_000:
        refuse(surface, "more than 12,000 characters of markdown")
    if surface == "message" and sum(map(_units, _texts(payload["blocks"]))) > 9000:
        refuse(surface, "more than 9,000 characters of text")
    if sum(bool(node.get("focus_on_load")) for node in _objects(payload["blocks"])) > 1:
        refuse(surface, "two elements with the focus")


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(inner)


def _texts(value: Any) -> Iterator[str]:
    """Slack publishes no limit of all texts together (msg_blocks_too_long): this one it takes."""
    return (node["text"] for node in _objects(value) if isinstance(node.get("text"), str))


def _unique(name: str, within: Any, surface: str) -> None:
    """Slack asks it of action ids within a block, we of a whole message: several blocks hold buttons."""
    ids = [node[name] for node in _objects(within) if name in node]
    if twice := {each for each in ids if ids.count(each) > 1}:
        refuse(surface, f"{name} {sorted(twice)} twice")
