"""What Slack is shown: within its limits, and saying nothing a person put there as if it were ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.action import pack
from bot.chat.card import Button, Card, Facts, Image, LinkButton, Menu, Quote, Row, buttons, small, text
from bot.chat.form import Choice, Choices, Form, Option, TextInput
from bot.chat.text import Bold, Italic, Link, Mention, shorten
from bot.platforms.slack import render
from bot.platforms.slack.text import LIMITS, length
from tests.examples import (
    CARDS,
    EMOJI,
    EVERYTHING,
    FILL,
    FORMS,
    HOSTILE,
    MOMENT,
    PRESS,
    hostile_card,
    hostile_form,
)
from tests.platforms.slack.blocks import MOMENTS, check


def strings(value: Any) -> Iterator[tuple[str, str]]:
    """(property, string) of everything in a payload."""
    if isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str):
                yield name, inner
            yield from strings(inner)


def nodes(value: Any, kind: str) -> list[dict[str, Any]]:
    found = [value] if isinstance(value, dict) and value.get("type") == kind else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found + [node for each in inner for node in nodes(each, kind)]


@pytest.mark.parametrize("name", CARDS)
def test_cards_are_what_slack_takes(name: str) -> None:
    check(render.message(CARDS[name]), "message")
    check(render.home(CARDS[name]), "home")


@pytest.mark.parametrize("name", FORMS)
def test_forms_are_what_slack_takes(name: str) -> None:
    check(render.modal(FORMS[name], cancel="Annuler"), "modal")


TYPED = "initial_value"
"""What an input holds goes back to its author as it came."""


@pytest.mark.parametrize("words", HOSTILE)
def test_nobody_mentions_through_us(words: str) -> None:
    drawn = [
        render.message(hostile_card(words)),
        render.home(hostile_card(words)),
        render.modal(hostile_form(words), cancel="Annuler"),
    ]
    for payload, surface in zip(drawn, ("message", "home", "modal"), strict=True):
        check(payload, surface)
        sent = (MOMENTS.sub("", words) for name, words in strings(payload) if name != TYPED)
        assert not any(re.search("<[!@#]", words) for words in sent)
        assert not nodes(payload, "user")
        assert not nodes(payload, "broadcast")
        assert all(node["url"].startswith("https://cercle.example.org/") for node in nodes(payload, "link"))


OURS = re.compile(
    r"<https://cercle\.example\.org/[^<>|]*\|(?P<link>[^<>]*)>"
    "|(?:(?<=[\u200b\\s])|^)(?P<mark>[*_])(?P<words>[^*\n]*?)(?P=mark)(?=[\u200b\\s]|$)"
)


@pytest.mark.parametrize("words", HOSTILE)
def test_markup_is_only_ours(words: str) -> None:
    """Without our own <url|text>, *…* and _…_, no mrkdwn holds anything that Slack would read as markup."""
    payload = render.message(hostile_card(words))
    dressed = [node["text"] for node in nodes(payload, "mrkdwn")]
    assert dressed
    dateless = [MOMENTS.sub(lambda ours: ours["fallback"], text) for text in dressed]
    bare = [OURS.sub(lambda ours: ours["link"] or ours["words"] or "", text) for text in dateless]
    for mrkdwn in [payload["text"], *bare]:
        assert not re.search(r"[<>*~`]|&(?!amp;|lt;|gt;)", mrkdwn)
        assert not re.search(r"(?<!\w)_\w|\w_(?!\w)", mrkdwn)
        assert not re.search(r"(?m)^\s*&gt;", mrkdwn)


def test_emphasis_in_small_print_stands_free_of_its_neighbours() -> None:
    card = Card("t", (small("a ", Bold("b"), " c", Italic("d\n e"), "."),))
    context = render.message(card)["blocks"][1]["elements"][0]["text"]
    assert context == "a *b* c\u200b_d e_\u200b."


@given(st.text(max_size=200))
def test_any_words_can_be_drawn(words: str) -> None:
    check(render.message(hostile_card(words)), "message")
    check(render.modal(hostile_form(words), cancel="Annuler"), "modal")


def test_typed_words_come_back_as_typed() -> None:
    """A form is filled with what was typed: an escape would be saved with it at the next click."""
    typed = "R&D <3 <@U1> *vraiment* &amp; :tada:"
    modal = render.modal(Form(FILL, "x", (TextInput("t", "t", typed),), "ok"), cancel="x")
    assert nodes(modal, "plain_text_input")[0]["initial_value"] == typed


def test_a_text_longer_than_its_field_is_kept() -> None:
    part = TextInput("t", "t", "x" * 500, max_length=300)
    field = nodes(render.modal(Form(FILL, "x", (part,), "ok"), cancel="x"), "plain_text_input")[0]
    assert (len(field["initial_value"]), field["max_length"]) == (500, 500)


def test_a_mention_is_a_mention_only_in_slack() -> None:
    card = Card("t", (text(Mention("slack:T1:U1", "Léa"), Mention("teams:x:U1", "Noé")),))
    section = render.message(card)["blocks"][1]["elements"][0]
    assert section["elements"] == [{"type": "user", "user_id": "U1"}, {"type": "text", "text": "Noé"}]


def test_a_channel_is_called_so_that_slack_shows_its_name_to_those_who_may_know_it() -> None:
    secret, general = Mention("slack:T1:C0SECRET", "un canal"), Mention("teams:x:19:c", "Général")
    card = Card("t", (text(secret, general), small(secret)))
    message = render.message(card)["blocks"]
    assert message[1]["elements"][0]["elements"] == [
        {"type": "channel", "channel_id": "C0SECRET"},
        {"type": "text", "text": "Général"},
    ]
    assert message[2]["elements"][0]["text"] == "<#C0SECRET>"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://x", "https://x y", "https://" + "x" * 3000, ""]
)
def test_a_link_nobody_should_follow_is_words(url: str) -> None:
    card = Card("t", (text(Link("x", url)), small(Bold("y"), Link("x", url))))
    assert not nodes(render.message(card), "link")
    assert render.message(card)["blocks"][2]["elements"][0]["text"].endswith("\u200bx")


def test_a_picture_slack_cannot_fetch_is_its_words() -> None:
    card = Card("t", (Image("http://intranet/x.png", "Une table"),))
    assert render.message(card)["blocks"][1]["elements"][0]["text"] == "Une table"


def test_a_moment_is_shown_by_the_readers_own_clock() -> None:
    near = replace(MOMENT, text="demain à 17:00", by_name=True)
    card = Card("t", (text("Fermé le ", MOMENT), small("Publication ", near, ".")))
    _, words, print_ = render.message(card)["blocks"]
    assert words["elements"][0]["elements"][1] == {
        "type": "date",
        "timestamp": 1795795200,
        "format": "\u200b{date_long}, {time}",
        "fallback": "vendredi 27 novembre, 17:00",
    }
    assert print_["elements"][0]["text"] == (
        "Publication <!date^1795795200^\u200b{date_long_pretty}, {time}|demain à 17:00>."
    )
    assert render.message(card)["text"] == "t — Fermé le vendredi 27 novembre, 17:00"


def test_a_row_has_its_words_at_the_left_and_one_thing_to_press_at_the_right() -> None:
    card = Card(
        "t",
        (
            Row(("Un\n▇▇ 2",), Button("Voter", PRESS)),
            Row((Bold("y"),), LinkButton("Lire", "https://x.example")),
        ),
    )
    _, vote, read = render.message(card)["blocks"]
    assert vote["text"] == {"type": "plain_text", "text": "Un\n▇▇ 2", "emoji": False}
    assert vote["accessory"]["text"]["text"] == "Voter"
    assert vote["accessory"]["accessibility_label"] == "Voter — Un ▇▇ 2"
    assert vote["accessory"]["action_id"] == "act:1"
    assert read["text"] == {"type": "mrkdwn", "text": "*y*", "verbatim": True}
    assert read["accessory"]["action_id"] == "link:2"


def test_small_print_too_long_for_its_markup_loses_the_markup() -> None:
    card = Card("t", (small("&" * 900, Link("ici", "https://x.example")),))
    assert render.message(card)["blocks"][1]["elements"] == [
        {"type": "plain_text", "text": "&" * 900 + "ici", "emoji": False}
    ]


@pytest.mark.parametrize("limit", [24, 75, 150, 3000])
def test_nothing_is_cut_inside_a_character(limit: int) -> None:
    for start in range(12):
        cut = shorten(EMOJI[start:], limit, length)
        assert cut.endswith("…")
        assert "\ufffd" not in cut.encode().decode()
        assert length(cut) <= limit


def test_what_is_pressed_says_what_it_does() -> None:
    row = nodes(render.message(EVERYTHING), "actions")[0]["elements"]
    assert [element["action_id"] for element in row] == ["act:1", "form:2", "link:3", "act:4", "menu:5"]
    assert [element.get("value") for element in row] == [pack(PRESS), pack(FILL), "link", pack(PRESS), None]
    assert [option["value"] for option in row[4]["options"]] == [pack(PRESS), pack(FILL), "link"]
    assert [element.get("style") for element in row] == ["primary", None, None, "danger", None]


def test_a_form_comes_back_under_its_names() -> None:
    modal = render.modal(FORMS["asked"], cancel="Annuler")
    inputs = nodes(modal, "input")
    assert [block["block_id"] for block in inputs] == [
        *("title", "why", "rhythm", "topic", "networks", "team", "until", "at", "charter")
    ]
    assert {block["element"]["action_id"] for block in inputs[:-1]} == {"value"}
    assert inputs[-1]["element"]["action_id"] == "toggle"
    assert inputs[-1]["element"]["options"][0]["value"] == "true"
    assert (modal["callback_id"], modal["private_metadata"]) == ("cercle", pack(FILL))
    assert [block["optional"] for block in inputs] == [
        *(False, True, False, True, True, False, True, False, False)
    ]


TOO_MUCH: dict[str, Card] = {
    "51 blocks": Card("t", (text("x"),) * 50),
    "26 buttons": Card("t", (buttons(*[Button("x", PRESS)] * 26),)),
    "6 choices in a menu": Card("t", (buttons(Menu("m", (Button("x", PRESS),) * 6)),)),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_many_elements_are_an_error(name: str) -> None:
    with pytest.raises(render.TooMany):
        render.message(TOO_MUCH[name])


def test_too_many_options_are_an_error() -> None:
    options = tuple(Option(str(number), "x") for number in range(101))
    for part in (Choice("a", "a", options), Choices("a", "a", options[:11])):
        with pytest.raises(render.TooMany):
            render.modal(Form(FILL, "x", (part,), "ok"), cancel="x")


def test_a_choice_needs_something_to_choose_from() -> None:
    with pytest.raises(ValueError, match="nothing to choose"):
        render.modal(Form(FILL, "x", (Choice("a", "a", ()),), "ok"), cancel="x")


def test_a_home_takes_more_than_a_message() -> None:
    check(render.home(Card("t", (text("x"),) * 99)), "home")


def test_what_would_come_back_cut_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        render.modal(Form(FILL, "x", (Choice("a", "a", (Option("x" * 76, "x"),)),), "ok"), cancel="x")
    with pytest.raises(ValueError, match="behind a button"):
        render.message(Card("t", (buttons(LinkButton("x", "javascript:alert(1)")),)))


def test_a_card_with_more_words_than_a_message_may_have_is_cut_where_it_is_longest() -> None:
    """The short texts and every button stay whole."""
    long, short = "é" * 2_900, "Short and whole."
    card = Card(
        "Title",
        (
            *[text(Bold("Heading"), f" {number} {long}") for number in range(4)],
            Quote(long),
            Facts((("Name", long),)),
            small(short),
            buttons(Button("Do it", PRESS)),
        ),
    )
    drawn = render.message(card)
    words = [*_texts(drawn["blocks"])]
    assert sum(map(length, words)) <= LIMITS["message text"]
    assert short in words
    assert "Do it" in words
    assert sum(word.endswith("…") for word in words) == 6
    assert min(length(word) for word in words if word.endswith("…")) > 1_300


def test_a_card_that_fits_is_left_as_it_is() -> None:
    card = Card("Title", (text("é" * 2_900), Quote("é" * 2_900), small("é" * 2_900)))
    assert sum(map(length, _texts(render.message(card)["blocks"]))) > 8_700


def _texts(node: Any) -> Iterator[str]:
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _texts(each)
    if isinstance(node, dict) and isinstance(node.get("text"), str):
        yield node["text"]
