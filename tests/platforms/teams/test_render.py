from __future__ import annotations

import json
from typing import Any

import pytest

from bot.chat.action import pack
from bot.chat.card import (
    Bar,
    Bars,
    Button,
    Card,
    Divider,
    Facts,
    FormButton,
    Image,
    LinkButton,
    Quote,
    buttons,
    text,
)
from bot.chat.form import Choices, Form, Note, Option, People, TextInput, Toggle
from bot.chat.text import Bold, Link, Mention
from bot.platforms.teams import render
from bot.platforms.teams.text import literal
from tests.emulators.teams import TENANT
from tests.examples import (
    ASKED,
    CARDS,
    EVERYTHING,
    FILL,
    FORMS,
    HOSTILE,
    PRESS,
    hostile_card,
    hostile_form,
)
from tests.platforms.teams.cards import check, walk

REQUIRED = "Ce champ est nécessaire."
AISHA_ID, BRUNO_ID = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
AISHA = Mention(f"teams:{TENANT}:{AISHA_ID}", "Aïsha Benali")


def body(*elements: Any) -> list[dict[str, Any]]:
    drawn: list[dict[str, Any]] = render.card(Card("Titre", elements))["body"][1:]
    return drawn


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_every_card_is_one_teams_takes(card: Card) -> None:
    check(render.card(card))
    check(render.card(card, shared=True))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_is_one_teams_takes(form: Form) -> None:
    errors = {part.name: "Ce n’est pas encore cela." for part in form.parts if hasattr(part, "name")}
    for shared in (False, True):
        drawn = render.dialog(form, required=REQUIRED, errors=errors, shared=shared)
        check(drawn, limit=render.DIALOG_BYTES)


@pytest.mark.parametrize("words", HOSTILE)
def test_nothing_a_person_types_becomes_markup(words: str) -> None:
    drawn = render.card(hostile_card(words))
    check(drawn)
    assert "msteams" not in drawn
    check(render.dialog(hostile_form(words), required=REQUIRED, errors={"text": words, "other": words}))


def test_rendering_twice_is_the_same() -> None:
    assert render.card(EVERYTHING) == render.card(EVERYTHING)


def test_a_title_is_a_heading() -> None:
    [title] = render.card(Card("Titre"))["body"]
    assert (title["style"], title["text"]) == ("heading", "Titre")


def test_somebody_on_teams_is_called_and_others_are_named() -> None:
    drawn = render.card(Card("x", (text("De ", AISHA, " et ", Mention("slack:T1:U2", "Bruno")),)))
    assert drawn["body"][1]["text"] == "De <at>Aïsha Benali</at> et Bruno"
    mentioned = {"id": AISHA_ID, "name": "Aïsha Benali"}
    expected = {"type": "mention", "text": "<at>Aïsha Benali</at>", "mentioned": mentioned}
    assert drawn["msteams"] == {"entities": [expected]}


def test_a_typed_mention_beside_a_real_one_calls_nobody() -> None:
    typed = "<at>Aïsha Benali</at>"
    drawn = render.card(Card(typed, (text(typed, AISHA), Quote(typed), Facts(((typed, typed),)))))
    check(drawn)
    assert json.dumps(drawn, ensure_ascii=False).count(typed) == 2  # in its place and in the entity


def test_a_mention_cut_into_two_spans_calls_nobody() -> None:
    check(render.card(Card("x", (text("<", "at>Léa</", "at>", AISHA),))))


def test_a_namesake_is_named_and_not_taken_for_the_first() -> None:
    other = Mention(f"teams:{TENANT}:{BRUNO_ID}", AISHA.name)
    drawn = render.card(Card("x", (text(AISHA), text("et ", other))))
    assert [entity["mentioned"]["id"] for entity in drawn["msteams"]["entities"]] == [AISHA_ID]
    assert drawn["body"][2]["inlines"][1]["text"] == AISHA.name


def test_a_form_calls_nobody() -> None:
    form = Form(FILL, "x", (Note(("De ", AISHA)),), "ok")
    assert "msteams" not in render.dialog(form, required=REQUIRED)


def test_a_newline_breaks_the_line_and_an_empty_line_parts() -> None:
    first, second, third = body(text("un\ndeux", Bold("\n\ntrois")))
    assert "spacing" not in first
    assert (second["spacing"], third["spacing"]) == ("none", "default")
    assert third["inlines"][0]["weight"] == "bolder"


def test_a_link_is_followed_only_to_the_web() -> None:
    [line] = body(text(Link("oui", "https://a.example/é"), Link("non", "javascript:alert(1)")))
    yes, no = line["inlines"]
    assert yes["selectAction"]["url"] == "https://a.example/%C3%A9"
    assert "selectAction" not in no


def test_a_picture_from_nowhere_is_its_words() -> None:
    [words] = body(Image("file:///etc/passwd", "Un établi"))
    assert words["inlines"][0]["text"] == "Un établi"


def test_typographic_spaces_survive() -> None:
    assert literal("Vraiment\u202f?  «\u00a0oui\u00a0»\n!") == "Vraiment\u202f? «\u00a0oui\u00a0» !"


def test_a_divider_parts_what_follows() -> None:
    first, second = body(text("a"), Divider(), text(""), text("b"))
    assert "separator" not in first
    assert second["separator"] is True


def test_bars_say_their_count_and_the_longest_fills_the_line() -> None:
    rows = body(Bars((Bar("Oui", 4), Bar("Non", 1), Bar("Blanc", 0))))
    labels = [row["columns"][0]["items"][0]["inlines"] for row in rows]
    assert [[run["text"] for run in label] for label in labels] == [
        ["Oui ", "4"],
        ["Non ", "1"],
        ["Blanc ", "0"],
    ]
    assert [[column["width"] for column in row["columns"][1:]] for row in rows] == [[100], [25, 75], [100]]


def test_a_small_count_still_shows() -> None:
    _, few = body(Bars((Bar("Oui", 10_000), Bar("Non", 1))))
    assert [column["width"] for column in few["columns"][1:]] == [1, 99]


def test_buttons_stay_in_place_and_menus_overflow() -> None:
    kinds = [element["type"] for element in render.card(EVERYTHING)["body"]]
    assert kinds[-3:] == ["ActionSet", "RichTextBlock", "RichTextBlock"]
    [row] = [e for e in render.card(EVERYTHING)["body"] if e["type"] == "ActionSet"]
    assert [action.get("mode") for action in row["actions"]] == [None] * 4 + ["secondary"] * 3


def test_a_seventh_button_starts_a_row() -> None:
    rows = body(buttons(*(Button(str(n), PRESS) for n in range(7))))
    assert [len(row["actions"]) for row in rows] == [6, 1]


def test_a_form_button_tells_teams_before_the_click() -> None:
    actions = {a.get("title"): a for a in walk(render.card(EVERYTHING)) if a["type"].startswith("Action.")}
    fetch = {"cercle": pack(FILL), "msteams": {"type": "task/fetch"}}
    assert actions["Changer mes mots"]["data"] == fetch
    assert actions["Plus tard"]["data"] == {"cercle": pack(PRESS)}


def test_a_button_for_several_people_is_a_universal_action_with_a_fallback() -> None:
    shared = render.card(Card("", (buttons(Button("Oui", PRESS), FormButton("Dire", FILL)),)), shared=True)
    [row] = shared["body"]
    execute, fetch = row["actions"]
    alone = {"type": "Action.Submit", "title": "Oui", "data": {"cercle": pack(PRESS)}}
    assert execute == {**alone, "type": "Action.Execute", "fallback": alone}
    assert fetch["type"] == "Action.Submit"


def test_a_dialog_says_what_comes_back() -> None:
    [submit] = render.dialog(ASKED, required=REQUIRED)["actions"]
    assert submit["data"] == {
        "cercle": pack(ASKED.action),
        "cercle.form": True,
        "cercle.many": ["networks", "team"],
        "cercle.toggles": ["charter"],
        "cercle.people": ["team"],
    }


def test_an_error_stands_right_under_its_input() -> None:
    drawn = render.dialog(ASKED, required=REQUIRED, errors={"why": "Trop court.", "": "Refusé."})
    ids = [element.get("id") or element.get("text") for element in drawn["body"]]
    assert ids[0] == "Refusé."
    assert ids[ids.index("why") + 1] == "Trop court."


def test_what_was_typed_is_never_cut() -> None:
    typed = "é" * 9000
    form = Form(FILL, "x", (TextInput("words", "Mots", typed, multiline=True),), "ok")
    assert render.dialog(form, required=REQUIRED)["body"][0]["value"] == typed


def test_people_are_prefilled_by_their_id_on_teams_only() -> None:
    value = (f"teams:{TENANT}:{BRUNO_ID}", "slack:T1:U2", f"teams:{TENANT}:19:x@thread")
    form = Form(FILL, "x", (People("who", "Qui", value),), "ok")
    assert render.dialog(form, required=REQUIRED)["body"][0]["value"] == BRUNO_ID


@pytest.mark.parametrize(
    "parts",
    [
        (TextInput("cercle", "x"),),
        (TextInput("cercle.form", "x"),),
        (TextInput("", "x"),),
        (TextInput("a", "x"), Toggle("a", "y")),
        (Choices("a", "x", (Option("1,2", "y"),)),),
    ],
)
def test_inputs_that_could_not_come_back_are_refused(parts: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        render.dialog(Form(FILL, "x", parts, "ok"), required=REQUIRED)


def test_a_long_card_is_shortened_until_it_fits() -> None:
    drawn = render.card(Card("x", tuple(text("mot " * 1000) for _ in range(20))))
    assert render.size(drawn) <= render.CARD_BYTES
    assert drawn["body"][1]["inlines"][0]["text"].endswith("…")


def test_too_many_elements_are_refused() -> None:
    with pytest.raises(ValueError, match="bytes"):
        render.card(Card("x", tuple(text("mot " * 30) for _ in range(200))))


def test_a_link_button_keeps_its_address() -> None:
    [row] = body(buttons(LinkButton("Partager", "https://c.example/s/a?x=1&y=(2)")))
    assert row["actions"][0]["url"] == "https://c.example/s/a?x=1&y=(2)"
