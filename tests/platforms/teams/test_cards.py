"""The checker refuses what Teams would refuse or a reader could not use: one change each to a good card."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from bot.platforms.teams import render
from tests.examples import ASKED, EVERYTHING
from tests.platforms.teams.cards import BadCard, check, walk

Node = dict[str, Any]

GOOD = render.card(EVERYTHING)
FORM = render.dialog(ASKED, required="Ce champ est nécessaire.")


PRESSED, OPENED, LINK = range(3)
"""The first three buttons of EVERYTHING."""


def first(card: Node, kind: str) -> Node:
    return next(node for node in walk(card) if node["type"] == kind)


def action(card: Node, place: int) -> Node:
    found: Node = first(card, "ActionSet")["actions"][place]
    return found


CARD_FAULTS: dict[str, Callable[[Node], Any]] = {
    "version 1.6": lambda c: c.update(version="1.6"),
    "no version": lambda c: c.pop("version"),
    "unknown element": lambda c: c["body"].append({"type": "Sparkline"}),
    "media": lambda c: c["body"].append({"type": "Input.Colour", "id": "x", "label": "x"}),
    "misspelt property": lambda c: first(c, "TextBlock").update(txt="x"),
    "text of a wrong type": lambda c: first(c, "TextBlock").update(text=3),
    "unwrapped text": lambda c: first(c, "TextBlock").pop("wrap"),
    "bold in a title": lambda c: first(c, "TextBlock").update(text="**x**"),
    "link in a title": lambda c: first(c, "TextBlock").update(text="[x](https://x.example)"),
    "list in a title": lambda c: first(c, "TextBlock").update(text="- x"),
    "date function in a title": lambda c: first(c, "TextBlock").update(text="{{DATE(x)}}"),
    "markdown in a fact": lambda c: first(c, "FactSet")["facts"][0].update(value="`x`"),
    "stranger's mention": lambda c: first(c, "TextBlock").update(text="<at>Everyone</at>"),
    "mention in a run": lambda c: first(c, "TextRun").update(text="<at>Noé Diallo</at>"),
    "entity nobody uses": lambda c: c["msteams"]["entities"].append({"text": "<at>X</at>"}),
    "mention without entity": lambda c: c.pop("msteams"),
    "picture without words": lambda c: first(c, "Image").pop("altText"),
    "picture with blank words": lambda c: first(c, "Image").update(altText="  "),
    "picture over http": lambda c: first(c, "Image").update(url="http://x.example/a.png"),
    "picture from a file": lambda c: first(c, "Image").update(url="file:///a.png"),
    "link to a script": lambda c: action(c, LINK).update(url="javascript:alert(1)"),
    "link with a space": lambda c: action(c, LINK).update(url="https://x.example/a b"),
    "button without action": lambda c: action(c, PRESSED)["data"].pop("cercle"),
    "action too long": lambda c: action(c, PRESSED)["data"].update(cercle="x" * 76),
    "unknown task": lambda c: action(c, OPENED)["data"].update(msteams={"type": "task/submit"}),
    "seven buttons": lambda c: first(c, "ActionSet")["actions"].extend([action(c, PRESSED)] * 3),
    "unknown style": lambda c: action(c, PRESSED).update(style="primary"),
    "unknown mode": lambda c: action(c, PRESSED).update(mode="hidden"),
    "too large": lambda c: c["body"].extend([first(c, "RichTextBlock")] * 100),
}
FORM_FAULTS: dict[str, Callable[[Node], Any]] = {
    "no label": lambda c: first(c, "Input.Text").pop("label"),
    "toggle without title": lambda c: first(c, "Input.Toggle").update(title=""),
    "no id": lambda c: first(c, "Input.Date").pop("id"),
    "same id twice": lambda c: first(c, "Input.Date").update(id="at"),
    "id of ours": lambda c: first(c, "Input.Date").update(id="cercle.form"),
    "required without a sentence": lambda c: first(c, "Input.Text").pop("errorMessage"),
    "choice without value": lambda c: first(c, "Input.ChoiceSet")["choices"][0].pop("value"),
    "markdown in a choice": lambda c: first(c, "Input.ChoiceSet")["choices"][0].update(title="*x*"),
    "unwrapped choice": lambda c: first(c, "Input.ChoiceSet").pop("wrap"),
    "length as words": lambda c: first(c, "Input.Text").update(maxLength="80"),
}


@pytest.mark.parametrize("fault", CARD_FAULTS)
def test_a_bad_card_is_refused(fault: str) -> None:
    card = copy.deepcopy(GOOD)
    check(card)
    CARD_FAULTS[fault](card)
    with pytest.raises(BadCard):
        check(card)


@pytest.mark.parametrize("fault", FORM_FAULTS)
def test_a_bad_form_is_refused(fault: str) -> None:
    card = copy.deepcopy(FORM)
    check(card)
    FORM_FAULTS[fault](card)
    with pytest.raises(BadCard):
        check(card)
