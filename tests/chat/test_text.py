"""Addresses in typed words: found, named, and made of "@Name"."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.text import addresses, called, every_address, named, normalise, split_word

HOMES = ("slack:T1:", "teams:t-1:")
AND = ("and", "et")
ADA, BOB, EVE = "slack:T1:U1", "teams:t-1:00000001-cccc-4ccc-8ccc-000000000001", "teams:t-1:29:1aB-_c"


@pytest.mark.parametrize(
    ("text", "found", "rest"),
    [
        (f"{ADA} for the talk", (ADA,), "for the talk"),
        (f"{ADA} {BOB} pour tout", (ADA, BOB), "pour tout"),
        (f" {ADA}, {BOB} et {EVE}: merci", (ADA, BOB, EVE), ": merci"),
        (f"{ADA} & {BOB}, and {ADA} bravo", (ADA, BOB), "bravo"),
        (f"{ADA} android", (ADA,), "android"),
        (f"{ADA}. Merci", (ADA,), ". Merci"),
        (f"{ADA} for {BOB}'s talk", (ADA,), f"for {BOB}'s talk"),
        (f"merci à {ADA}", (), f"merci à {ADA}"),
        ("slack:T2:U1 of another workspace", (), "slack:T2:U1 of another workspace"),
        ("teams:t-1:19:abc@thread.tacv2 le canal", ("teams:t-1:19:abc@thread.tacv2",), "le canal"),
        ("", (), ""),
    ],
)
def test_those_a_text_begins_with(text: str, found: tuple[str, ...], rest: str) -> None:
    assert addresses(text, HOMES, AND) == (found, rest)


def test_those_inside_are_found_and_named() -> None:
    text = f"merci à {ADA}, {BOB} et {ADA} ; puis note:12:30"
    assert every_address(text, HOMES) == (ADA, BOB)
    names = {ADA: "Ada", BOB: "Bob"}
    assert named(text, HOMES, names.__getitem__) == "merci à Ada, Bob et Ada ; puis note:12:30"
    assert named(f"coucou{ADA}!", HOMES, names.__getitem__) == "coucouAda!"
    assert named(f"{ADA}:merci et {BOB}:bravo", HOMES, names.__getitem__) == "Ada:merci et Bob:bravo"


@given(st.text(), st.lists(st.sampled_from([ADA, BOB, EVE]), max_size=4))
def test_no_address_is_ever_left_to_be_read(text: str, people: list[str]) -> None:
    whole = " ".join([*people, text, *people])
    found, rest = addresses(whole, HOMES, AND)
    shown = named(rest, HOMES, lambda address: "somebody")
    assert set(people) <= set(found) | set(every_address(rest, HOMES))
    assert not any(home in shown for home in HOMES if home not in text)


def test_a_name_that_is_called_becomes_an_address_the_longest_first() -> None:
    people = {"Zoé": "p:w:zoe", "Zoé Martin": "p:w:martin", "Jean-Luc": "p:w:jl"}
    assert called("@Zoé Martin, @zoé et @JEAN-LUC", people) == "p:w:martin, p:w:zoe et p:w:jl"
    assert called("@Zoélie @Marc a@b", people) == "@Zoélie @Marc a@b"
    assert called("rien", {}) == "rien"


@given(st.text(), st.dictionaries(st.text(min_size=1, max_size=5), st.just("p:w:x"), max_size=4))
def test_what_calls_nobody_stays_as_it_is(text: str, people: dict[str, str]) -> None:
    assert called(text, {}) == text
    assert called(text.replace("@", ""), people) == text.replace("@", "")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  bonjour \n", "bonjour"),
        ("re\u0301glages", "réglages"),
        ("e\u200b\u0301", "é"),
        ("a\u200bb\u00adc", "abc"),
        ("« Oui\u00a0» \u202f!", "« Oui\u00a0» \u202f!"),
        ("un\r\ndeux\rtrois\u2028quatre", "un\ndeux\ntrois\nquatre"),
        ("half \ud83d and nul\0", "half ? and nul"),
        ("👩🏽\u200d🚀", "👩🏽\u200d🚀"),
        *(
            (blank, "")
            for blank in ("", " ", "\u200b", "\u200d \u200c", "\u00ad", "\u3164", "\ufe0f", "\u00a0\u202f")
        ),
    ],
)
def test_typed_text_is_kept_as_it_is_read(typed: str, kept: str) -> None:
    assert normalise(typed) == kept


@given(st.text() | st.text("ae\u0301\u200b\u200d\u00ad \u00a0\n\r👩🇫"))
def test_typed_text_that_was_kept_stays_as_it_is(typed: str) -> None:
    once = normalise(typed)
    assert normalise(once) == once == once.strip()
    once.encode()


@pytest.mark.parametrize("space", [" ", "\t", "\n", "\u00a0", "\u202f", "\u3000", "\u2003", " \n\t "])
def test_any_white_space_ends_a_word(space: str) -> None:
    assert split_word(f"post{space}https://a.example b") == ("post", "https://a.example b")


def test_words_are_few_or_none() -> None:
    assert split_word("post") == ("post", "")
    assert split_word(" post ") == ("post", "")
    assert split_word("") == ("", "")
