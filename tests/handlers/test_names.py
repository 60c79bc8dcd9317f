"""People are called what they are called: markup, emoji, another direction, or more than fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.chat import plain
from bot.chat.action import pack
from bot.chat.card import Card
from bot.chat.event import Click
from bot.chat.reply import Reply, Say
from bot.platforms.slack import render as slack
from bot.platforms.teams import render as teams
from handlers.actions import OpenGathering
from handlers.board.cards import OpenPlan, OpenSort, OpenTell
from handlers.kudos.cards import Show
from handlers.polls.cards import ShowVoters
from handlers.rounds.cards import OpenObjection, OpenRound
from tests import house as place
from tests.house import PEOPLE, House, asked, button, votes
from tests.platforms.slack import blocks
from tests.platforms.teams import cards as adaptive
from tests.pressing import Wanted

GENERAL = "playground:playground:#general"
NAMES = {
    "a call to everybody": "<!channel> <!here|x> @here",
    "emphasis": "*Inès* _~`x`~_ **fort**",
    "a link": "[Inès](https://evil.example) <https://evil.example|Inès>",
    "somebody else's mention": "<at>Tom</at> <@U123>",
    "HTML": "<img src=x onerror=alert(1)><b>&lt;",
    "emoji": "👩🏽‍🚀 :wave: 🇫🇷",
    "right to left": "مريم \u202eסדר",
    "more than fits": "Marie-Charlotte " * 9,
    "braces": "{name} %s {0}",
}


LIVE = ("<!", "<@U123", "<https://evil", "*Inès*", "_~", "`x`")
"""What Slack would act upon where it parses words."""


def parsed(node: Any) -> Iterator[str]:
    """The words of a Slack message that Slack parses: its notification, and mrkdwn."""
    if isinstance(node, list):
        for inner in node:
            yield from parsed(inner)
    elif isinstance(node, dict):
        if "blocks" in node or node.get("type") == "mrkdwn":
            yield node["text"]
        for inner in node.values():
            yield from parsed(inner)


def heard(reply: Reply) -> Card:
    assert isinstance(reply, Say), reply
    return reply.card


async def lives(house: House) -> list[Card]:
    """A poll, a round, a thank-you, a signed blocker and its theme; every card that names somebody."""
    await house.with_lead()
    for who in ("camille", "ines", "hugo"):
        await house.with_member(who, ceiling="14")
    await house.says("camille", "/cercle mur ici", GENERAL)

    form = asked(await house.says("ines", "/cercle sondage", GENERAL))
    await house.submits("ines", form, question="On déjeune ?", options="Oui\nNon", rules=("live",))
    await house.settle()
    poll = of(house, "On déjeune ?")
    await press(house, "hugo", votes(poll)["Oui"], poll)
    voters = heard(await press(house, "ines", ShowVoters, poll))

    choose = heard(await house.says("ines", "/cercle décision"))
    form = asked(await house.presses("ines", OpenRound, choose, setting="cadence"))
    await house.submits("ines", form, value="1", reason="Moins, c’est mieux.")
    await house.settle()
    form = asked(await house.presses("hugo", OpenObjection, house.card("hugo", "Proposition")))
    await house.submits("hugo", form, reason="Le salon approche.")

    thanked = await house.says("hugo", f"/cercle merci {house.sender('ines').address} pour le fil")
    await house.settle()
    await house.presses("ines", Show, house.card("ines", "merci"))

    empty = heard(await house.says("hugo", "/cercle tableau"))
    form = asked(await house.presses("hugo", OpenGathering, empty))
    asking = heard(await house.submits("hugo", form, anonymity="signed"))
    form = asked(await house.presses("hugo", OpenTell, asking))
    await house.submits("hugo", form, blocker="Le temps")
    board = heard(await house.says("camille", "/cercle tableau"))
    form = asked(await house.presses("camille", OpenSort, board))
    (box,) = next(p.options for p in form.parts if getattr(p, "name", "") == "findings")  # type: ignore[union-attr]
    theme = heard(await house.submits("camille", form, findings=(box.value,), title="Le temps"))
    form = asked(await house.presses("camille", OpenPlan, theme))
    theme = heard(await house.submits("camille", form, owner=(house.sender("ines").address,)))
    await house.settle()
    house.clock.pass_(days=1)
    await house.settle()

    told = [heard(await house.says("camille", f"/cercle {verb}")) for verb in ("tableau", "mur", "journal")]
    lasting = [card for who in ("camille", "ines", "hugo") for card in house.cards(who)]
    return [*on(house), *lasting, *told, voters, heard(thanked), board, theme]


def on(house: House) -> list[Card]:
    return [entry.said for entry in house.chat.chat.entries(GENERAL, "") if isinstance(entry.said, Card)]


def of(house: House, title: str) -> Card:
    return next(card for card in on(house) if title in card.title)


async def press(house: House, who: str, wanted: Wanted, card: Card) -> Reply:
    event = Click(house.key(), house.sender(who), pack(button(card, wanted).action), GENERAL)
    return (await house.dispatch(event)).reply


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_a_name_is_only_words_wherever_it_stands(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    called = tuple(replace(p, name=name if p.id in ("ines", "hugo") else p.name) for p in PEOPLE)
    monkeypatch.setattr(place, "PEOPLE", called)
    house = House(sqlite_url)
    cards = await lives(house)
    house.close()
    assert sum(name.strip() in plain.render(card) for card in cards) >= 8
    for card in cards:
        drawn = slack.message(card)
        blocks.check(drawn, "message")
        assert [text for text in parsed(drawn) for live in LIVE if live in text] == []
        adaptive.check(teams.card(card))
