"""What people type is understood, shown with names, and given back when it is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.chat import plain
from bot.chat.card import Card
from bot.chat.event import Command, Said
from bot.chat.reply import Ask
from bot.chat.text import normalise
from handlers.posts.cards import OpenCompose, OpenEdit, Withdraw
from tests.house import FRENCH, House, asked, filled, kinds, said, votes

GENERAL = "playground:playground:#general"
ADA, SOMEBODY, CHANNEL = "slack:T1:U1", "slack:T1:U9", "slack:T1:C3"


def board(house: House) -> Card:
    shown = [
        entry.said for entry in house.chat.chat.entries(GENERAL, "nobody") if isinstance(entry.said, Card)
    ]
    return shown[-1]


@pytest.mark.parametrize("space", [" ", "\n", "\t", "\u00a0", "\u202f"])
async def test_any_white_space_ends_the_verb(house: House, space: str) -> None:
    await house.with_lead()
    answer = said(await house.says("camille", f"/cercle post{space}https://example.org/a\u200b"))
    assert answer.endswith("https://example.org/a")


@pytest.mark.parametrize(
    "typed", ["re\u0301glages", "RE\u0301GLAGES", "réglages !", "/cercle réglages", "/Cercle\tréglages"]
)
async def test_a_command_is_heard_however_it_is_typed(house: House, typed: str) -> None:
    await house.with_member("ines")
    for event in (
        Said(house.key(), house.sender("ines"), typed),
        Command(house.key(), house.sender("ines"), typed, GENERAL),
    ):
        assert isinstance((await house.dispatch(replace(event, text=normalise(typed)))).reply, Ask)


async def test_a_poll_calls_people_by_name(house: House) -> None:
    for who in ("ines", "priya", "camille"):
        await house.with_member(who)
    people = {each: house.sender(each).address for each in ("priya", "ines", "camille")}
    text = 'sondage "Qui aide {priya} ?" "{ines}" "{camille}"'.format(**people)
    await house.dispatch(Command(house.key(), house.sender("ines"), text, GENERAL))
    await house.settle()
    assert "Qui aide @Priya ?" in plain.render(board(house))
    assert list(votes(board(house))) == ["@Inès", "@Camille"]


async def test_who_was_never_met_and_channels_have_the_name_of_the_platform(house: House) -> None:
    sender = replace(house.sender("ines"), platform="slack", workspace="T1", user="U1", name="Ada")
    names = {ADA: "@ada.l", SOMEBODY: "@Bob", CHANNEL: "#general"}
    text = f'sondage "Avec {ADA} et {SOMEBODY} sur {CHANNEL}, {ADA}2 ?"'
    await house.dispatch(Command(house.key(), sender, "aide"))
    form = asked((await house.dispatch(Command(house.key(), sender, "rejoindre"))).reply)
    assert form
    refused = said((await house.dispatch(Command(house.key(), sender, text, CHANNEL, names))).reply)
    assert "Avec @Ada et @Bob sur #general" in refused
    assert "slack:" not in refused


async def test_somebody_without_a_name_is_no_id(house: House) -> None:
    await house.with_member("ines")
    text = f"sondage {house.sender('ines').home}nobody vient ?"
    form = asked((await house.dispatch(Command(house.key(), house.sender("ines"), text))).reply)
    assert filled(form)["question"] == "@quelqu’un vient ?"


@pytest.mark.parametrize("between", ["++", " ++ ", ":", " -> ", " — pour "])
async def test_separators_are_not_part_of_the_thanks(house: House, between: str) -> None:
    for who in ("ines", "priya"):
        await house.with_member(who)
    assert "« la relecture »" in said(await house.says("ines", f"/cercle merci @Priya{between}la relecture"))


async def test_the_plus_signs_of_a_thank_you_are_left_out(house: House) -> None:
    for who in ("ines", "priya"):
        await house.with_member(who)
    answer = said(await house.says("ines", "/cercle kudos @Priya ++ merci"))
    assert "« merci »" in answer
    assert "+" not in answer


@pytest.mark.parametrize("place", ["", GENERAL])
async def test_a_name_that_is_no_command_is_repeated_as_a_name(house: House, place: str) -> None:
    await house.with_member("ines")
    await house.opens_home("priya")
    priya = house.sender("priya").address
    answer = said((await house.dispatch(Command(house.key(), house.sender("ines"), priya, place))).reply)
    assert "@Priya" in answer
    assert priya not in answer


@pytest.mark.parametrize("blank", ["\u200b", "\u200d", "\u3164", " \u00a0"])
async def test_a_title_that_nobody_sees_is_missing(house: House, blank: str) -> None:
    await house.with_lead()
    await house.with_member("camille")
    await house.says("camille", "/cercle post www.example.org/a")
    await house.settle()
    form = asked(await house.presses("camille", OpenCompose, house.cards("camille")[-1]))
    again = await house.submits("camille", form, title=blank, why="w", opening_1="o")
    assert isinstance(again, Ask)
    assert "title" in again.errors
    assert filled(again.form)["url"] == "https://www.example.org/a"


async def test_what_was_refused_is_given_back(house: House) -> None:
    """With the names of those who were called, and not the addresses that stand for them."""
    await house.with_member("ines")
    await house.opens_home("priya")
    typed = f'sondage "Qui aide {house.sender("priya").address} ?" "oui'
    answer = said((await house.dispatch(Command(house.key(), house.sender("ines"), typed, GENERAL))).reply)
    assert '/cercle sondage "Qui aide @Priya ?" "oui' in answer


async def test_nobody_is_named_to_somebody_whose_words_were_lost(house: House) -> None:
    """Before the circle can be asked for a name, the one that the platform gives is shown."""
    house.close()
    names = {house.sender("priya").address: "@Priya"}
    event = Command(
        house.key(), house.sender("ines"), f"sondage {house.sender('priya').address} ?", "", names
    )
    answer = (await house.dispatch(event)).reply
    assert "/cercle sondage @Priya ?" in said(answer)


async def test_what_was_chosen_in_a_lost_form_is_not_given_back_as_words(house: House) -> None:
    """Teams sends every input as text, ids of topics and people among them."""
    await house.with_lead()
    await house.with_member("ines")
    await house.with_post()
    await house.settle()
    card = next(card for card in reversed(house.cards("camille")) if OpenEdit in kinds(card))
    form = asked(await house.presses("camille", OpenEdit, card))
    await house.presses("camille", Withdraw, card)
    words = said(await house.submits("camille", form, title="Un autre titre", networks="linkedin,x"))
    assert FRENCH("failure.kept") in words
    assert "Un autre titre" in words
    assert "linkedin" not in words
    assert str(filled(form)["topic"]) not in words
