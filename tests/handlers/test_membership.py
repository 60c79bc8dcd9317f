"""Entering, living at one's own pace, leaving. Promise 1: nobody is enrolled by somebody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.chat import plain
from bot.chat.card import Buttons, LinkButton, Text
from bot.chat.event import Command
from bot.chat.form import Toggle
from bot.chat.reply import Ask, Say
from handlers.actions import Leave, OpenJoin, OpenPause, Resume, ShowHelp
from handlers.sharing.cards import Decline, Later, OpenAsk, OpenWords
from storage import tables
from tests.house import House, asked, kinds, said

CHANNEL = "playground:playground:#general"


async def rows(house: House, table: object) -> list[object]:
    return await house.database.read(lambda tx: list(tx.execute(select(table)).all()))  # type: ignore[call-overload]


async def test_joining_shows_the_charter_first_and_stores_the_consent(house: House) -> None:
    form = asked(await house.says("ines", "/cercle rejoindre"))
    words = " ".join(str(getattr(part, "spans", "")) for part in form.parts)
    assert "sans effet sur votre évaluation" in words
    assert "Faire connaître notre métier" in words

    reply = await house.submits("ines", form, consent=True, networks=("linkedin",))

    assert "Vous voilà dans le cercle" in said(reply)
    (consent,) = await rows(house, tables.consent)
    assert (consent.version, consent.language, consent.given_at) == (1, "fr", house.clock())  # type: ignore[attr-defined]
    assert consent.withdrawn_at is None  # type: ignore[attr-defined]


async def test_the_form_is_in_the_language_of_the_profile(house: House) -> None:
    assert asked(await house.says("tom", "/cercle join")).title == "Join the circle"
    await house.says("tom", "/cercle language fr")
    assert asked(await house.says("tom", "/cercle join")).title == "Entrer dans le cercle"


async def test_no_consent_no_membership_and_nothing_typed_is_lost(house: House) -> None:
    form = asked(await house.says("ines", "/cercle join"))
    reply = await house.submits("ines", form, networks=("bluesky",), day_start="08:15")
    assert isinstance(reply, Ask)
    assert reply.errors == {"consent": "Sans votre accord, rien ne se passe, et c’est très bien ainsi."}
    kept = {part.name: part.value for part in reply.form.parts if hasattr(part, "name")}  # type: ignore[union-attr]
    assert (kept["networks"], kept["day_start"]) == (("bluesky",), "08:15")
    assert await rows(house, tables.member) == []


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"topics": ()}, "topics"),
        ({"days": ()}, "days"),
        ({"day_start": "whenever"}, "day_start"),
        ({"day_start": "09:00", "day_end": "09:00"}, "day_end"),
        ({"networks": ("mastodon",), "instance": "localhost"}, "instance"),
    ],
)
async def test_each_wish_that_makes_no_sense_is_said_beside_its_input(
    house: House, values: dict[str, object], wrong: str
) -> None:
    form = asked(await house.says("tom", "/cercle join"))
    reply = await house.submits("tom", form, **{"consent": True, **values})  # type: ignore[arg-type]
    assert isinstance(reply, Ask)
    assert list(reply.errors) == [wrong]
    assert await rows(house, tables.member) == []


async def test_nobody_can_enrol_another(house: House) -> None:
    """There is no command, button or form by which a name becomes a member: whatever a join form holds,
    it is its sender who joins."""
    form = asked(await house.says("ines", "/cercle join"))
    await house.submits("hugo", form, consent=True, person="ines", people=("playground:playground:ines",))
    (member,) = await rows(house, tables.member)
    people = {a.person_id: a.name for a in await rows(house, tables.account)}  # type: ignore[attr-defined]
    assert people[member.person_id] == "Hugo"  # type: ignore[attr-defined]


async def test_leaving_is_one_step_and_takes_back_what_was_on_its_way(house: House) -> None:
    await house.with_lead()
    await house.with_member("ines", day_start="14:00")
    await house.with_post()
    await house.settle()
    assert not [card for card in house.cards("ines") if "alternants" in card.title]

    assert "Vous avez quitté le cercle" in said(await house.says("ines", "/cercle quitter"))
    house.clock.pass_(days=3)
    await house.settle()

    assert house.cards("ines") == []
    (consent,) = await rows(house, tables.consent)
    assert consent.withdrawn_at is not None  # type: ignore[attr-defined]


async def test_a_left_member_pressing_an_old_button_gets_a_kind_word(house: House) -> None:
    await house.with_lead()
    await house.with_member("ines")
    await house.with_post()
    await house.settle()
    card = house.card("ines", "alternants")
    await house.says("ines", "/cercle leave")
    for kind in (Later, Decline, OpenWords, OpenAsk):
        assert "C’est pour les membres du cercle" in said(await house.presses("ines", kind, card))


async def test_a_pause_holds_everything_until_its_day(house: House) -> None:
    await house.with_lead()
    await house.with_member("ines")
    back = (house.clock() + timedelta(days=6)).date().isoformat()
    assert "Bonne pause" in said(await house.says("ines", f"/cercle pause {back}"))
    await house.with_post()
    for _ in range(5):
        await house.settle()
        house.clock.pass_(days=1)
    assert not [card for card in house.cards("ines") if "alternants" in card.title]
    house.clock.now = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
    await house.settle()
    assert house.card("ines", "alternants")


@pytest.mark.parametrize(
    ("who", "typed", "day"),
    [
        ("ines", "24/12/2026", "jeudi 24 décembre"),
        ("ines", "vendredi", "vendredi 27 novembre"),
        ("ines", "le\u202f1er décembre", "mardi 1er décembre"),
        ("tom", "Friday", "Friday 27 November"),
        ("tom", "24/12/2026", "Thursday 24 December"),
    ],
)
async def test_a_day_is_read_in_the_persons_language_and_said_with_its_weekday(
    house: House, who: str, typed: str, day: str
) -> None:
    await house.with_member(who)
    assert day in said(await house.says(who, f"/cercle pause {typed}"))


async def test_somebody_in_the_united_states_writes_the_month_first(house: House) -> None:
    await house.with_member("tom")
    american = replace(house.sender("tom"), locale="en-US")
    answer = await house.dispatch(Command(house.key(), american, "pause 12/24/2026"))
    assert "Thursday 24 December" in said(answer.reply)


async def test_coming_back_early_ends_the_pause(house: House) -> None:
    await house.with_lead()
    await house.with_member("ines")
    card = await house.says("ines", "/cercle pause 2026-12-24")
    assert isinstance(card, Say)
    await house.with_post()
    await house.settle()
    await house.presses("ines", Resume, card.card)
    await house.settle()
    assert house.card("ines", "alternants")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("bientôt", "n’a pas pu être lue"),
        ("12/24/2026", "n’a pas pu être lue"),
        ("aujourd’hui", "déjà passé"),
        ("2026-11-23", "déjà passé"),
        ("2031-01-01", "un an au plus"),
        ("9999-99-99", "n’a pas pu être lue"),
    ],
)
async def test_a_pause_that_makes_no_sense(house: House, typed: str, sentence: str) -> None:
    await house.with_member("ines")
    assert sentence in said(await house.says("ines", f"/cercle pause {typed}"))


async def test_the_call_goes_to_the_channel_and_its_button_opens_the_charter(house: House) -> None:
    await house.with_lead()
    await house.says("camille", "/cercle appel", place=CHANNEL)
    await house.settle()
    (entry,) = house.chat.chat.entries(CHANNEL, "lou")
    assert not isinstance(entry.said, str)
    form = asked(await house.presses("lou", OpenJoin, entry.said))
    assert isinstance(next(p for p in form.parts if isinstance(p, Toggle)), Toggle)


async def test_a_call_needs_the_comms_team_and_a_channel(house: House) -> None:
    assert "équipe communication" in said(await house.says("lou", "/cercle call", place=CHANNEL))
    await house.with_lead()
    assert "s’adresse à un canal" in said(await house.says("camille", "/cercle call"))


async def test_a_member_changes_their_wishes_by_the_same_door(house: House) -> None:
    await house.with_member("tom")
    form = asked(await house.says("tom", "/cercle join"))
    assert form.title == "My settings"
    assert "Noted" in said(await house.submits("tom", form, ceiling="5"))
    (member,) = await rows(house, tables.member)
    assert member.weekly_ceiling == 5  # type: ignore[attr-defined]
    assert len(await rows(house, tables.consent)) == 1


async def test_the_home_shows_the_purpose_to_everybody(house: House) -> None:
    visitor = await house.opens_home("sam")
    assert OpenJoin in kinds(visitor)
    await house.with_member("sam")
    member = await house.opens_home("sam")
    assert "Nothing is on offer at the moment." in plain.render(member)
    assert {OpenJoin, OpenPause, Leave, ShowHelp} <= set(kinds(member))
    assert LinkButton not in kinds(member)


@pytest.mark.parametrize(
    ("who", "typed", "proposed"),
    [
        ("tom", "laeve", "leave"),
        ("tom", "stop", "leave"),
        ("tom", "jion", "join"),
        ("ines", "stop", "quitter"),
        ("ines", "sondge", "sondage"),
        ("ines", "re\u0301glage", "réglages"),
    ],
)
async def test_a_word_that_is_nearly_a_command_is_answered_in_one_line(
    house: House, who: str, typed: str, proposed: str
) -> None:
    for text in (typed, f"/cercle {typed}"):
        reply = await house.says(who, text)
        assert isinstance(reply, Say)
        line, *rest = reply.card.body
        assert proposed in said(reply).splitlines()[0]
        assert [type(element) for element in (line, *rest)] == [Text, Buttons]
        assert kinds(reply.card) == [ShowHelp]


async def test_unknown_words_are_met_with_the_help(house: House) -> None:
    assert "is not a word Cercle knows" in said(await house.says("tom", "/cercle abracadabra"))
    assert "What Cercle understands" in said(await house.says("tom", "hello there"))
    assert asked(await house.says("tom", "join")).title == "Join the circle"
