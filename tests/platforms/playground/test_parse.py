"""What the page posts, and what it never posts."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.event import Click, Command, HomeOpened, Said, Submission
from bot.platforms.playground.parse import BadPost, event, post
from bot.platforms.playground.persona import PERSONAS
from tests.platforms.playground.scene import VERBS

INES = PERSONAS[1].sender
GENERAL = "playground:playground:#general"
PEOPLE = {persona.name: persona.address for persona in PERSONAS}


def heard(place: str = "", **what: object) -> object:
    return event(what, INES, place, VERBS, PEOPLE, "k")


def test_a_sender_is_what_a_platform_vouches_for() -> None:
    assert INES.address == "playground:playground:ines"
    assert (INES.name, INES.locale, INES.zone) == ("Inès", "fr-FR", "Europe/Paris")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/cercle post http://x.example/a", "post http://x.example/a"),
        ("/Cercle  aide ", "aide"),
        ("/cercle", ""),
        ("publier http://x", "publier http://x"),
        ("HELP", "HELP"),
        ("/cercle\tpost\u202fhttp://x.example/a\u200b", "post\u202fhttp://x.example/a"),
        ("/cercle re\u0301glages", "réglages"),
        ("aide\u00a0!", "aide\u00a0!"),
    ],
)
def test_a_command_to_the_bot(text: str, expected: str) -> None:
    assert heard(kind="say", text=text) == Command("k", INES, expected)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("merci @Inès pour tout", "merci playground:playground:ines pour tout"),
        ("merci @inès, @TOM", "merci playground:playground:ines, playground:playground:tom"),
        ("merci @Inèssa @Zoé @", "merci @Inèssa @Zoé @"),
        ("merci @Tom Ford @Tom", "merci playground:playground:ford playground:playground:tom"),
    ],
)
def test_people_who_are_called_become_addresses(text: str, said: str) -> None:
    people = {**PEOPLE, "Tom Ford": "playground:playground:ford"}
    for kind, typed in (("say", f"/cercle {text}"), ("command", text)):
        assert event({"kind": kind, "text": typed}, INES, "", VERBS, people, "k") == Command("k", INES, said)


def test_the_names_of_those_who_are_called_come_with_the_words() -> None:
    command = heard(kind="say", text="/cercle sondage “Qui aide @priya ?”")
    assert isinstance(command, Command)
    assert command.names == {"playground:playground:priya": "@Priya"}


def test_typed_answers_are_normalised() -> None:
    sent = heard(kind="submit", action="a", answers={"title": "\u200b", "words": " re\u0301el\r\nou non "})
    assert isinstance(sent, Submission)
    assert sent.answers.values == {"title": "", "words": "réel\nou non"}


def test_free_words_to_the_bot() -> None:
    assert heard(kind="say", text=" bonjour\r\nà tous ") == Said("k", INES, "bonjour\nà tous")
    assert heard(kind="say", text="/cercles") == Said("k", INES, "/cercles")


def test_a_channel_is_heard_only_when_the_bot_is_called() -> None:
    called = Command("k", INES, "call", GENERAL, place_name="#general")
    assert heard(GENERAL, kind="say", text="/cercle call") == called
    assert heard(GENERAL, kind="say", text="help me") is None


def test_buttons_forms_and_home() -> None:
    assert heard(GENERAL, kind="click", action="a/b") == Click("k", INES, "a/b", GENERAL, "#general")
    assert heard(kind="home") == HomeOpened("k", INES)
    sent = heard(kind="submit", action="a", answers={"t": "x", "l": ["a", "b"], "y": True})
    assert isinstance(sent, Submission)
    assert sent.answers.values == {"t": "x", "l": ("a", "b"), "y": True}


@pytest.mark.parametrize(
    "what",
    [
        {},
        {"kind": "dance"},
        {"kind": ["say"]},
        {"kind": "say"},
        {"kind": "say", "text": "  "},
        {"kind": "say", "text": 7},
        {"kind": "say", "text": "x" * 4001},
        {"kind": "say", "text": "\ud800"},
        {"kind": "say", "text": "a\0b"},
        {"kind": "click"},
        {"kind": "click", "action": "x" * 76},
        {"kind": "submit", "action": "a"},
        {"kind": "submit", "action": "a", "answers": []},
        {"kind": "submit", "action": "a", "answers": {"x": 1}},
        {"kind": "submit", "action": "a", "answers": {"x": None}},
        {"kind": "submit", "action": "a", "answers": {"x": [1]}},
        {"kind": "submit", "action": "a", "answers": {"x": {"y": "z"}}},
        {"kind": "submit", "action": "a", "answers": {str(n): "" for n in range(101)}},
    ],
)
def test_garbage_is_refused(what: dict[str, object]) -> None:
    with pytest.raises(BadPost):
        event(what, INES, "", VERBS, PEOPLE, "k")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 60_000, b"1" * 9999])
def test_a_body_is_a_json_object(body: bytes) -> None:
    with pytest.raises(BadPost):
        post(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KINDS = st.sampled_from(["say", "command", "click", "submit", "home"])


@given(
    st.fixed_dictionaries({"kind": KINDS | JSON}, optional={"text": JSON, "action": JSON, "answers": JSON}),
    st.sampled_from(["", GENERAL]),
)
def test_anything_is_an_event_or_refused(what: dict[str, object], place: str) -> None:
    with suppress(BadPost):
        event(what, INES, place, VERBS, PEOPLE, "k")
