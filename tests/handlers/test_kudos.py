"""Thanks: one line to say them, the receiver's to keep or to show; the wall; whispers. And nobody counted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select

from bot.chat import plain
from bot.chat.action import pack
from bot.chat.card import Card, Text
from bot.chat.event import Click, Command
from bot.chat.form import Form, Note
from bot.chat.reply import Ask, Replace, Reply, Say
from bot.chat.text import Mention
from bot.domain.circle import MAX_CEILING
from bot.domain.kudos import Kudos, KudosKind
from bot.domain.member import Preferences
from bot.locales import Translator, language_of
from bot.platforms.slack import render as slack
from bot.platforms.teams import render as teams
from handlers.actions import OpenKudos
from handlers.kudos.cards import (
    ChangeKind,
    Keep,
    OpenWhisper,
    Refuse,
    Show,
    ShowMine,
    TakeBack,
    TakeWallDown,
    TellAuthor,
    examples,
)
from handlers.membership.service import attach_workspace
from handlers.sharing.cards import NotPosted, Posted
from handlers.trace.cards import RetryAll
from storage import circles, entries, kudos, people, tables
from storage.transaction import CircleTransaction, Transaction
from tests.house import TUESDAY, House, asked, button, kinds, said

CHANNEL = "playground:playground:#cafe"
GENERAL = "playground:playground:#general"
TEAM = ("ines", "hugo", "lou", "awa", "tom", "priya")
WORDS = "avoir relu ma page"
ALLOWED = re.compile(
    r"Vous pouvez encore remercier \d personnes? cette semaine\.|"
    r"You can thank \d more (?:person|people) this week\."
)
"""The only number that kudos say: one's own allowance, to oneself."""


@pytest.fixture
def house(sqlite_url: str) -> Iterator[House]:
    """What each database does is asked in tests/storage, and below where it matters."""
    house = House(sqlite_url)
    yield house
    house.close()


@pytest.fixture
async def circle(house: House) -> House:
    """At any hour, any number of messages: when they may leave has a test of its own."""
    await house.with_lead()
    await house.database.transact(lambda tx: fill(tx, house))
    return house


def fill(tx: Transaction, house: House) -> None:
    found = people.find(tx, "playground", "playground", "camille")
    assert found
    topics = frozenset(topic.id for topic in circles.topics(CircleTransaction(tx, found[0].id)))
    always = Preferences(topics, ("linkedin",), MAX_CEILING, time(0), time(23, 59), frozenset(range(7)))
    for who in TEAM:
        sender = house.sender(who)
        profile = {"name": sender.name, "zone": sender.zone, "language": language_of(sender.locale)}
        people.add(tx, "playground", "playground", who, **profile)
        person = people.at_address(CircleTransaction(tx, found[0].id), sender.address)
        assert person
        people.join(tx, person, always, 1, house.clock())


async def thank(house: House, giver: str, *names: str, words: str = WORDS) -> Reply:
    return await house.says(giver, f"/cercle kudos {' '.join(f'@{name}' for name in names)} for {words}")


async def row(house: House, giver: str = "hugo") -> Kudos:
    """The latest that somebody gave."""

    def latest(tx: Transaction) -> Kudos:
        found = people.find(tx, "playground", "playground", giver)
        assert found
        return kudos.given(CircleTransaction(tx, found[0].id), found[1].id, TUESDAY - timedelta(days=99))[0]

    return await house.database.read(latest)


async def circle_id(house: House) -> str:
    return await house.database.read(lambda tx: tx.execute(select(tables.circle.c.id)).scalar_one())


async def clicks(house: House, who: str, action: object, place: str = "") -> Reply:
    event = Click(house.key(), house.sender(who), pack(action), place)  # type: ignore[arg-type]
    return (await house.dispatch(event)).reply


def wall_of(house: House, place: str = CHANNEL) -> list[Card]:
    return [e.said for e in house.chat.chat.entries(place, "") if isinstance(e.said, Card)]


async def with_wall(house: House, place: str = CHANNEL) -> None:
    words = said(await house.says("camille", "/cercle wall here", place))
    assert "Le mur du cercle arrive dans le canal" in words
    await house.settle()


def notice(form: Form) -> str:
    """What the form says above its inputs."""
    return " ".join(str(span) for part in form.parts if isinstance(part, Note) for span in part.spans)


def value(form: Form, name: str) -> object:
    return next(part.value for part in form.parts if getattr(part, "name", "") == name)  # type: ignore[union-attr]


# Saying thank you


@pytest.mark.parametrize(
    "line",
    [
        "/cercle kudos @Inès @Tom for avoir relu ma page",
        "/cercle merci @Inès et @Tom pour avoir relu ma page",
        "/cercle kudos @inès, @TOM avoir relu ma page",
        "merci @Inès & @Tom : avoir relu ma page",
        "/cercle kudos playground:playground:ines playground:playground:tom for avoir relu ma page",
    ],
)
async def test_one_line_is_enough(circle: House, line: str) -> None:
    reply = await circle.says("hugo", line)
    assert isinstance(reply, Say)
    assert reply.card.title == "Merci à Inès et Tom — entraide"
    assert f"« {WORDS} »" in plain.render(reply.card)
    assert "encore remercier 3 personnes" in plain.render(reply.card)
    await circle.settle()
    assert circle.card("ines").title == "Hugo vous dit merci — entraide"
    assert circle.card("tom").title == "Thanks from Hugo — help"
    assert "Tom" not in plain.render(circle.card("ines"))


async def test_a_form_does_the_same(circle: House) -> None:
    form = asked(await circle.says("hugo", "/cercle merci"))
    people = (circle.sender("ines").address, circle.sender("tom").address)
    reply = await circle.submits("hugo", form, people=people, kind="courage", reason="avoir osé")
    assert isinstance(reply, Say)
    await circle.settle()
    assert circle.card("ines").title == "Hugo vous dit merci — courage"
    assert asked(await clicks(circle, "hugo", OpenKudos())).action == form.action


async def test_the_kind_is_said_differently_on_the_answer(circle: House) -> None:
    reply = await thank(circle, "hugo", "Inès")
    assert isinstance(reply, Say)
    await circle.settle()
    reply = await circle.presses("hugo", ChangeKind, reply.card, kind=KudosKind.WIN)
    assert isinstance(reply, Replace)
    assert reply.card.title == "Merci à Inès — petite victoire"
    assert button(reply.card, ChangeKind, kind=KudosKind.HELP)
    await circle.settle()
    assert [card.title for card in circle.cards("ines")] == ["Hugo vous dit merci — petite victoire"]


async def test_people_inside_the_words_are_named_never_addressed(circle: House) -> None:
    words = "avoir aidé @Lou et playground:playground:zoe"
    await thank(circle, "hugo", "Inès", words=words)
    await circle.settle()
    assert "« avoir aidé Lou et quelqu’un »" in plain.render(circle.card("ines"))


async def test_without_words_or_people_the_form_asks_for_what_is_missing(circle: House) -> None:
    form = asked(await circle.says("hugo", "/cercle kudos @Inès"))
    assert "quelques mots" in notice(form)
    assert value(form, "people") == (circle.sender("ines").address,)
    form = asked(await circle.says("hugo", "/cercle merci pour le café"))
    assert "Il manque quelqu’un" in notice(form)
    assert value(form, "reason") == "pour le café"


async def test_people_named_in_the_middle_are_a_guess_to_be_looked_over(circle: House) -> None:
    form = asked(await circle.says("hugo", "/cercle kudos bravo à @Inès pour ce fil"))
    assert value(form, "people") == (circle.sender("ines").address,)
    assert value(form, "reason") == "bravo à Inès pour ce fil"
    assert notice(form) == ""
    await circle.submits("hugo", form)
    await circle.settle()
    assert "Hugo" in circle.card("ines").title


async def test_members_of_another_workspace_are_thanked_by_name(circle: House) -> None:
    """One circle, two chats: there, the list of people does not know them."""
    await in_another_workspace(circle, "priya")
    reply = await thank(circle, "hugo", "Priya")
    assert isinstance(reply, Say)
    assert "Merci à Priya" in reply.card.title
    form = asked(await circle.says("hugo", "/cercle kudos @Priya"))
    assert value(form, "people") == ()
    assert value(form, "elsewhere") == "@Priya"
    reply = await circle.submits("hugo", form, reason="le fil du matin", elsewhere="@Priya, @inès")
    assert isinstance(reply, Say)
    assert "Priya" in reply.card.title
    assert "Inès" in reply.card.title
    reply = await circle.submits("hugo", form, reason="encore", elsewhere="@Priya et @Zoé")
    assert isinstance(reply, Ask)
    assert "@Zoé" in reply.errors["elsewhere"]
    assert value(reply.form, "reason") == "encore"


async def in_another_workspace(house: House, who: str) -> None:
    def move(tx: Transaction) -> None:
        circle = tx.execute(select(tables.circle.c.id)).scalar_one()
        there = attach_workspace(CircleTransaction(tx, circle), "teams", "t-1")
        moved = {"workspace_id": there, "address": f"teams:t-1:{who}"}
        tx.execute(tables.account.update().where(tables.account.c.external_id == who).values(moved))

    await house.database.transact(move)


# Bad input


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("kudos @Hugo for moi", "soi-même"),
        ("kudos playground:playground:sam for rien", "membres du cercle"),
        ("kudos playground:playground:cercle for ton aide", "un robot"),
        ("kudos playground:playground:#cafe for l'ambiance", "un canal"),
        ("kudos @Zoé for tout", "@Zoé"),
        ("kudos @Zoé", "@Zoé"),
        ("kudos @Zoé et @Inès pour le fil", "@Zoé"),
        ("kudos for rien", "Il manque quelqu’un"),
        ("kudos @Inès", "merci pour quoi"),
        ("kudos @Inès pour", "merci pour quoi"),
        ("kudos @Hugo", "soi-même"),
    ],
)
async def test_what_cannot_be_done_is_said_and_what_was_typed_is_kept(
    circle: House, line: str, sentence: str
) -> None:
    await circle.says("sam", "/cercle help")
    form = asked(await circle.says("hugo", f"/cercle {line}"))
    assert sentence in notice(form)
    assert "playground:" not in notice(form) + str(value(form, "reason"))
    typed = line.partition("for ")[2]
    assert not typed or typed in str(value(form, "reason")).replace("for ", "")
    await circle.settle()
    assert all(circle.cards(who) == [] for who in TEAM)


@pytest.mark.parametrize("more", ["@Zoé", ", @Zoé", "et @Zoé", "& @Zoé,"])
async def test_a_name_that_nobody_has_is_asked_about_before_anything_is_sent(
    circle: House, more: str
) -> None:
    form = asked(await circle.says("hugo", f"/cercle merci @Inès {more} pour le fil"))
    assert "@Zoé" in notice(form)
    assert value(form, "people") == (circle.sender("ines").address,)
    assert str(value(form, "reason")).endswith("pour le fil")
    await circle.settle()
    assert circle.cards("ines") == []


async def test_those_who_cannot_be_thanked_are_left_out_by_name(circle: House) -> None:
    await circle.says("sam", "/cercle help")
    await circle.says("lou", "/cercle leave")
    people = " ".join(circle.sender(who).address for who in ("ines", "sam", "hugo", "lou"))
    words = said(await circle.says("hugo", f"/cercle kudos {people} playground:playground:cercle for tout"))
    assert "Merci à Inès" in words
    assert "Sans Sam, Lou et quelqu’un" in words
    assert "on ne se remercie pas soi-même" in words
    await circle.settle()
    assert "Hugo" in circle.card("ines").title
    assert circle.cards("lou") == []


async def test_somebody_who_left_is_not_thanked_and_the_words_are_kept(circle: House) -> None:
    await circle.says("lou", "/cercle leave")
    form = asked(await circle.says("hugo", f"/cercle kudos {circle.sender('lou').address} for tout"))
    assert "membres du cercle" in notice(form)
    assert value(form, "reason") == "tout"
    reply = await circle.submits("hugo", form, people=(circle.sender("lou").address,))
    assert isinstance(reply, Ask)
    assert reply.errors.keys() == {"people"}


async def test_addresses_from_elsewhere_are_nobody(circle: House) -> None:
    form = asked(await circle.says("hugo", "/cercle kudos"))
    for stranger in ("playground:elsewhere:eve", "slack:T1:U1", "", "x", "playground:playground:#cafe"):
        reply = await circle.submits("hugo", form, people=(stranger,), reason="tout")
        assert isinstance(reply, Ask)
        assert "membres du cercle" in reply.errors["people"]


async def test_whoever_is_not_in_the_circle_thanks_nobody(circle: House) -> None:
    words = said(await circle.says("sam", "/cercle kudos @Inès for the talk"))
    assert "You are welcome to join" in words
    assert "« Inès for the talk »" in words
    assert "welcome to join" in said(await circle.says("sam", "/cercle kudos bravo @Inès"))
    assert "welcome to join" in said(await circle.says("sam", "/cercle kudos"))
    assert "welcome to join" in said(await clicks(circle, "sam", OpenKudos()))
    assert "welcome to join" in said(await circle.says("sam", "/cercle kudos wall"))


async def test_the_same_twice_goes_once(circle: House) -> None:
    await thank(circle, "hugo", "Inès", "Lou")
    words = said(await thank(circle, "hugo", "Lou", "Inès"))
    assert "une fois suffit" in words
    assert f"« Lou Inès for {WORDS} »" in words
    await circle.settle()
    assert len(circle.cards("ines")) == 1
    circle.clock.pass_(minutes=11)
    assert "Merci à" in said(await thank(circle, "hugo", "Inès", "Lou"))


async def test_too_many_words_come_back_whole(circle: House) -> None:
    words = said(await thank(circle, "hugo", "Inès", words="é" * 510))
    assert "trop long de 10 caractères" in words
    assert "é" * 510 in words


@pytest.mark.parametrize(
    "mark", ["<!channel>", "@channel", "*gras*", "[ici](https://x.example)", "<at>Tom</at>"]
)
async def test_markup_in_words_and_names_stays_words(circle: House, mark: str) -> None:
    renamed = f"Hugo {mark}"

    def rename(tx: Transaction) -> None:
        tx.execute(
            tables.account.update().where(tables.account.c.external_id == "ines").values(name=f"Inès {mark}")
        )

    await circle.database.transact(rename)
    await with_wall(circle)
    await circle.says("hugo", f"/cercle kudos {circle.sender('ines').address} for {mark} {renamed}")
    await circle.settle()
    card = circle.card("ines")
    assert mark in plain.render(card)
    await circle.presses("ines", Show, card)
    await circle.settle()
    for shown in (card, wall_of(circle)[-1]):
        assert "<!channel>" not in str(slack.message(shown)["text"])
        entities = teams.card(shown).get("msteams", {}).get("entities", [])
        assert all(entity["mentioned"]["name"] != "Tom" for entity in entities)


# The allowance, the same for everybody


async def test_five_people_a_week_and_it_is_said_when_it_begins_anew(circle: House) -> None:
    await thank(circle, "hugo", "Inès", "Lou", "Awa")
    form = asked(await thank(circle, "hugo", "Tom", "Priya", "Inès", words="la suite"))
    assert "il vous reste 2 sur 5, et le compte repart entier le lundi 30 novembre" in notice(form)
    assert value(form, "reason") == "la suite"
    await thank(circle, "hugo", "Tom", "Priya", words="la suite")
    words = said(await thank(circle, "hugo", "Inès", words="encore"))
    assert "remercié 5 personnes cette semaine" in words
    assert "lundi 30 novembre" in words
    assert "« Inès for encore »" in words
    form = asked(await circle.says("hugo", "/cercle kudos"))
    words = said(await circle.submits("hugo", form, people=(circle.sender("ines").address,), reason="encore"))
    assert "remercié 5 personnes" in words
    assert "encore" in words
    circle.clock.now = datetime(2026, 11, 29, 22, 59, tzinfo=UTC)
    assert "remercié 5 personnes" in said(await thank(circle, "hugo", "Inès", words="encore"))
    circle.clock.pass_(minutes=1)
    assert "encore remercier 4 personnes" in said(await thank(circle, "hugo", "Inès", words="encore"))


async def test_the_week_is_that_of_the_givers_clock(circle: House) -> None:
    circle.clock.now = datetime(2026, 11, 29, 18, 29, tzinfo=UTC)  # 23:59 in India
    await thank(circle, "priya", "Inès", "Lou", "Awa", "Tom", "Hugo")
    assert "as many as anybody can" in said(await thank(circle, "priya", "Inès", words="x"))
    circle.clock.pass_(minutes=1)
    assert "thank 4 more people" in said(await thank(circle, "priya", "Inès", words="x"))


async def test_a_lead_has_no_more_than_anybody(circle: House) -> None:
    await circle.with_member("camille")
    await thank(circle, "camille", "Inès", "Lou", "Awa", "Tom", "Priya")
    assert "remercié 5 personnes" in said(await thank(circle, "camille", "Hugo"))


async def test_more_than_ten_people_at_once(circle: House) -> None:
    """Nobody is thanked rather than some of them by chance."""
    await join(circle, 12)
    crowd = " ".join(f"playground:playground:u{n}" for n in range(12))
    form = asked(await circle.says("hugo", f"/cercle kudos {crowd} for tout"))
    assert "il vous reste 5 sur 5" in notice(form)
    assert len(value(form, "people")) == 12  # type: ignore[arg-type]


async def join(house: House, number: int) -> None:
    def enter(tx: Transaction) -> None:
        found = people.find(tx, "playground", "playground", "hugo")
        assert found
        assert found[2]
        for n in range(number):
            people.add(tx, "playground", "playground", f"u{n}", name=f"U{n}")
            person = people.at_address(CircleTransaction(tx, found[0].id), f"playground:playground:u{n}")
            assert person
            people.join(tx, person, found[2].preferences, 1, house.clock())

    await house.database.transact(enter)


async def test_whatever_happens_at_once_nobody_thanks_more_than_five(database_url: str) -> None:
    house = House(database_url)
    try:
        await house.with_lead()
        await house.database.transact(lambda tx: fill(tx, house))
        names = ("Inès", "Lou", "Awa", "Tom", "Priya")
        events = [
            Command(f"k{n}", house.sender("hugo"), f"kudos @{name} @{names[n % 5 - 1]} for raison {n}")
            for n, name in enumerate(names * 2)
        ]
        await asyncio.gather(*(house.dispatch(event) for event in events))
        thanks = await house.database.read(lambda tx: tx.execute(select(tables.thanks)).all())
        assert len(thanks) == 4
    finally:
        house.close()


# What the receiver makes of it


@pytest.fixture
async def thanked(circle: House) -> House:
    """Hugo thanked Inès and Lou; a wall hangs."""
    await with_wall(circle)
    await thank(circle, "hugo", "Inès", "Lou")
    await circle.settle()
    return circle


async def test_only_what_a_receiver_agrees_to_show_is_on_the_wall(thanked: House) -> None:
    before = len(wall_of(thanked))
    await thanked.presses("ines", Show, thanked.card("ines"))
    await thanked.settle()
    assert "Le cercle peut le lire" in plain.render(thanked.card("ines"))
    post = wall_of(thanked)[-1]
    assert plain.render(post) == f"Entraide\nHugo dit merci à Inès\n« {WORDS} »"
    assert [s for e in post.body if isinstance(e, Text) for s in e.spans if isinstance(s, Mention)] == [
        Mention(thanked.sender("hugo").address, "Hugo"),
        Mention(thanked.sender("ines").address, "Inès"),
    ]
    await thanked.presses("lou", Show, thanked.card("lou"))
    await thanked.settle()
    assert len(wall_of(thanked)) == before + 1  # one card a thank-you, drawn again
    assert "Inès" in plain.render(wall_of(thanked)[-1])
    assert "Lou" in plain.render(wall_of(thanked)[-1])


async def test_what_is_shown_can_be_taken_down_again_and_shown_again(thanked: House) -> None:
    await thanked.presses("ines", Show, thanked.card("ines"))
    await thanked.settle()
    await thanked.presses("ines", Keep, thanked.card("ines"))
    await thanked.settle()
    assert plain.render(wall_of(thanked)[-1]) == "Ce merci n’est plus montré."
    assert "Gardé pour vous" in plain.render(thanked.card("ines"))
    await thanked.presses("ines", Show, thanked.card("ines"))
    await thanked.settle()
    assert "Inès" in plain.render(wall_of(thanked)[-1])


async def test_shown_and_hidden_before_it_left_it_never_hangs(thanked: House) -> None:
    before = len(wall_of(thanked))
    card = thanked.card("ines")
    await thanked.presses("ines", Show, card)
    await thanked.presses("ines", Keep, card)
    await thanked.settle()
    assert len(wall_of(thanked)) == before
    await thanked.presses("ines", Show, card)
    await thanked.settle()
    assert len(wall_of(thanked)) == before + 1


async def test_kept_refused_and_unread_look_the_same_to_everybody_else(circle: House) -> None:
    """For the giver, the lead, the wall and the log, and for what taking it back does."""
    await with_wall(circle)
    seen = []
    for kind in (None, Keep, Refuse):
        await thank(circle, "hugo", "Inès")
        await circle.settle()
        if kind:
            await circle.presses("ines", kind, circle.card("ines"))
            await circle.settle()
        mine = await circle.says("hugo", "/cercle kudos mine")
        back = await clicks(circle, "hugo", TakeBack((await row(circle)).id))
        await circle.settle()
        log = await circle.database.read(lambda tx: tx.execute(select(tables.entry)).all())
        cards = [circle.cards(who) for who in ("hugo", "camille", "lou")]
        seen.append((said(mine), back, cards, wall_of(circle), len(log)))
    assert seen[0] == seen[1] == seen[2]


async def test_a_refused_thank_you_is_gone_and_can_be_found_again(thanked: House) -> None:
    await thanked.presses("ines", Refuse, thanked.card("ines"))
    await thanked.settle()
    card = thanked.cards("ines")[-1]
    assert WORDS not in plain.render(card)
    assert WORDS not in said(await thanked.says("ines", "/cercle kudos mine"))
    await thanked.presses("ines", Keep, card)
    await thanked.settle()
    assert WORDS in plain.render(thanked.card("ines"))


async def test_the_giver_takes_it_back_until_it_is_shown(circle: House) -> None:
    reply = await thank(circle, "hugo", "Inès")
    assert isinstance(reply, Say)
    back = await circle.presses("hugo", TakeBack, reply.card)
    assert isinstance(back, Replace)
    await circle.settle()
    assert circle.cards("ines") == []
    assert "n’est plus là" in said(await circle.presses("hugo", TakeBack, reply.card))
    assert "n’est plus là" in said(
        await circle.presses("hugo", ChangeKind, reply.card, kind=KudosKind.COURAGE)
    )

    reply = await thank(circle, "hugo", "Inès")
    assert isinstance(reply, Say)
    await circle.settle()
    old = circle.card("ines")
    await circle.presses("hugo", TakeBack, reply.card)
    await circle.settle()
    assert (
        plain.render(circle.cards("ines")[-1]) == "Ce merci a été repris par la personne qui l’avait écrit."
    )
    assert "n’est plus là" in said(await circle.presses("ines", Show, old))
    assert "encore remercier 4 personnes" in said(await thank(circle, "hugo", "Inès"))


async def test_what_is_on_the_wall_is_no_longer_the_givers(thanked: House) -> None:
    await thanked.presses("ines", Show, thanked.card("ines"))
    given = await row(thanked)
    for action in (TakeBack(given.id), ChangeKind(given.id, "win")):
        assert "sur le mur du cercle" in said(await clicks(thanked, "hugo", action))
    reply = await thanked.says("hugo", "/cercle kudos mine")
    assert isinstance(reply, Say)
    assert TakeBack not in kinds(reply.card)


async def test_nobody_presses_somebody_elses_buttons(thanked: House) -> None:
    given = await row(thanked)
    for action in (Show(given.id), TakeBack(given.id), ChangeKind(given.id, "win")):
        assert "no longer there" in said(await clicks(thanked, "tom", action))
    assert "n’est plus là" in said(await clicks(thanked, "hugo", Show(given.id)))
    assert "bouton" in said(await clicks(thanked, "hugo", ChangeKind(given.id, "gold")))
    await thanked.says("ines", "/cercle leave")
    assert "membres du cercle" in said(await thanked.presses("ines", Show, thanked.card("ines")))


async def test_ones_own_thanks_are_read_in_private(thanked: House) -> None:
    words = said(await thanked.says("ines", "/cercle merci mes"))
    assert "Entraide · Hugo" in words
    assert WORDS in words
    assert "Inès et Lou" in said(await thanked.says("hugo", "/cercle kudos mine"))
    assert WORDS not in said(await thanked.says("tom", "/cercle kudos mine"))
    await thanked.presses("ines", Keep, thanked.card("ines"))
    await thanked.settle()
    assert WORDS in said(await thanked.presses("ines", ShowMine, thanked.card("ines")))


async def test_it_waits_for_working_time_pause_and_ceiling(house: House) -> None:
    await house.with_lead()
    await house.with_member("hugo")
    await house.with_member("priya", ceiling="1")
    await house.with_member("ines")
    await house.says("ines", "/cercle pause 2026-11-26")
    for words in ("une chose", "une autre"):
        await thank(house, "hugo", "Priya", "Inès", words=words)
    house.clock.now = datetime(2026, 11, 24, 13, tzinfo=UTC)  # 18:30 in India
    await house.settle()
    assert house.cards("priya") == house.cards("ines") == []
    house.clock.now = datetime(2026, 11, 25, 5, tzinfo=UTC)
    await house.settle()
    assert len(house.cards("priya")) == 1
    assert house.cards("ines") == []
    house.clock.now = datetime(2026, 11, 26, 9, tzinfo=UTC)
    await house.settle()
    assert len(house.cards("ines")) == 2
    house.clock.now = datetime(2026, 11, 30, 5, tzinfo=UTC)
    await house.settle()
    assert len(house.cards("priya")) == 2


async def test_leaving_drops_what_is_on_its_way_and_takes_the_name_off_what_is_drawn(thanked: House) -> None:
    await thanked.presses("ines", Show, thanked.card("ines"))
    await thanked.presses("lou", Show, thanked.card("lou"))
    await thanked.says("ines", "/cercle leave")
    await thanked.settle()
    assert "Inès" not in plain.render(wall_of(thanked)[-1])
    words = said(await thanked.says("tom", "/cercle wall"))
    assert "Lou" in words
    assert "Inès" not in words
    await thanked.says("hugo", "/cercle leave")
    assert "No thanks are shown" in said(await thanked.says("tom", "/cercle wall"))


# The wall


async def test_the_wall_hangs_moves_and_comes_down(circle: House) -> None:
    await with_wall(circle)
    assert wall_of(circle)[-1].title == "Le mur du cercle"
    await circle.says("camille", "/cercle mur ici", GENERAL)
    await circle.settle()
    await thank(circle, "hugo", "Inès")
    await circle.settle()
    await circle.presses("ines", Show, circle.card("ines"))
    await circle.settle()
    assert WORDS not in str(wall_of(circle))
    assert WORDS in str(wall_of(circle, GENERAL))
    reply = await circle.says("camille", "/cercle mur ici", GENERAL)
    assert "est déjà dans le canal" in said(reply)
    reply = await clicks(circle, "camille", TakeWallDown(), GENERAL)
    assert isinstance(reply, Replace)
    assert "retiré du canal" in plain.render(reply.card)
    assert "ancienne carte" in said(await clicks(circle, "camille", TakeWallDown(), GENERAL))
    await circle.settle()
    assert plain.render(wall_of(circle, GENERAL)[-1]) == "Le mur du cercle n’est plus dans ce canal."
    id = await circle_id(circle)
    log = await circle.database.read(lambda tx: entries.latest(CircleTransaction(tx, id), 9))
    assert [entry.what for entry in log] == ["log.wall_taken_down", "log.wall_hung", "log.wall_hung"] or {
        entry.what for entry in log
    } == {"log.wall_taken_down", "log.wall_hung"}
    assert all(entry.values == {} for entry in log)


async def test_whoever_is_not_of_the_comms_team_reads_it_and_moves_nothing(circle: House) -> None:
    await with_wall(circle)
    for words, answer in (
        ("/cercle wall", "Aucun merci"),
        ("/cercle wall here", "équipe communication"),
    ):
        assert answer in said(await circle.says("hugo", words, GENERAL))
    assert "équipe communication" in said(await clicks(circle, "hugo", TakeWallDown(), CHANNEL))
    await circle.settle()
    assert wall_of(circle, GENERAL) == []
    assert len(wall_of(circle)) == 1


async def test_the_latest_thanks_can_be_read_where_no_wall_hangs(circle: House) -> None:
    assert "Aucun merci" in said(await circle.says("hugo", "/cercle mur"))
    await thank(circle, "hugo", "Inès", "Lou")
    await circle.settle()
    await circle.presses("ines", Show, circle.card("ines"))
    for line in ("/cercle wall", "/cercle mur", "/cercle kudos wall", "/cercle merci mur"):
        words = said(await circle.says("tom", line))
        assert "Hugo thanks Inès" in words
        assert "Lou" not in words


async def test_the_comms_team_reads_the_wall_in_a_channel_too(circle: House) -> None:
    await circle.with_member("camille")
    assert "Aucun merci" in said(await circle.says("camille", "/cercle mur", CHANNEL))
    await circle.settle()
    assert wall_of(circle) == []


async def test_the_wall_hangs_in_a_channel_and_nowhere_else(circle: House) -> None:
    assert "tapé dans ce canal" in said(await circle.says("camille", "/cercle mur ici"))


async def test_the_wall_hangs_once_its_sign_stands_there(circle: House) -> None:
    """Where Cercle cannot write, no wall hangs, and the one that hung elsewhere stays."""
    await with_wall(circle)
    lost = "playground:playground:#private"
    for _ in range(2):
        words = said(await circle.says("camille", "/cercle wall here", lost))
        assert "arrive dans le canal" in words
    await circle.settle()
    await circle.settle()
    assert await hung(circle) == [CHANNEL]
    assert "#private · Mur du cercle" in plain.render(circle.card("camille", "non remis"))
    circle.chat.chat._conversations[lost] = {}  # somebody invites the bot
    await circle.presses("camille", RetryAll, circle.card("camille", "non remis"))
    await circle.settle()
    assert await hung(circle) == [lost]
    assert [card.title for card in wall_of(circle, lost)] == ["Le mur du cercle"]


async def hung(house: House) -> list[str]:
    return await house.database.read(lambda tx: list(tx.execute(select(tables.wall.c.address)).scalars()))


# Nobody is counted


def shown(things: Iterable[Card | Form]) -> list[str]:
    def words(thing: Card | Form) -> str:
        if isinstance(thing, Card):
            return plain.render(thing)
        names = (getattr(part, "label", "") + " " + getattr(part, "hint", "") for part in thing.parts)
        return " ".join([thing.title, *names])

    return [words(thing) for thing in things]


def counts(text: str) -> list[str]:
    """Numbers, but for one's own allowance; and the words in which people are ranked."""
    rest = ALLOWED.sub("", text)
    return re.findall(
        r"\d+|\b(?:top|rank\w*|score\w*|classement|premi\w+|most|le plus|points?)\b", rest, re.I
    )


@pytest.mark.parametrize("language", ["fr", "en"])
def test_nothing_that_kudos_can_say_counts_or_ranks(language: str) -> None:
    t = Translator(language)
    said = dict(zip(examples(t), shown(examples(t).values()), strict=True))
    said.pop("refused")  # one's own allowance again, and a date
    assert {name: counts(words) for name, words in said.items() if counts(words)} == {}
    assert counts("Inès : 7 mercis, la plus remerciée") == ["7"]


async def test_a_busy_house_counts_nobody(circle: House) -> None:
    await with_wall(circle)
    await circle.with_member("camille", day_start="00:00", day_end="23:59")
    for week in range(2):
        for giver in (*TEAM, "camille"):
            for words in ("ceci", "cela"):
                others = [name for name in ("Inès", "Lou") if circle.sender(giver).name != name]
                await thank(circle, giver, *others, words=f"{words} de {'ab'[week]}")
        await circle.settle()
        circle.clock.pass_(days=7)
    for who in ("ines", "lou"):
        for card in list(circle.cards(who))[:10]:
            if Show in kinds(card):
                await circle.presses(who, Show, card)
    await circle.settle()
    asked_for = [
        await circle.says(who, line) for who in TEAM for line in ("/cercle kudos mine", "/cercle kudos wall")
    ]
    everything = [reply.card for reply in asked_for if isinstance(reply, Say)]
    everything += [card for who in (*TEAM, "camille") for card in circle.cards(who)]
    everything += wall_of(circle)
    assert len(everything) > 60
    assert [words for words in shown(everything) if counts(words)] == []


# Whispers


async def posted(house: House, *who: str) -> None:
    """Camille's post, and those who say they posted it."""
    await house.with_post(expires="2027-11-01")
    await house.settle()
    post = (await house.database.read(lambda tx: tx.execute(select(tables.post.c.id)).scalars().all()))[-1]
    for one in who:
        await clicks(house, one, Posted(post, "linkedin"))


def whispers(house: House, who: str) -> list[str]:
    """All that is whispered begins in one of these ways."""
    ways = ("Un mot pour", "A word for", "Après votre", "After your", "tient à vous", "wanted you")
    return [plain.render(c) for c in house.cards(who) if any(way in c.title for way in ways)]


async def pass_days(house: House, *numbers: int) -> None:
    """So many days each time, and what the clock does then."""
    for number in numbers:
        house.clock.pass_(days=number)
        await house.settle()


async def settled_pair(house: House) -> None:
    """Inès and Lou posted the same post; Hugo thanked everybody but Lou."""
    house.clock.pass_(days=35)
    await posted(house, "ines", "lou")
    for name in ("Inès", "Awa", "Tom", "Priya"):
        await thank(house, "hugo", name, words=f"tout, {name}")
    await house.settle()


async def test_somebody_overlooked_is_whispered_to_who_crossed_their_path_and_never_to_them(
    circle: House,
) -> None:
    await settled_pair(circle)
    await pass_days(circle, 1, 1, 1)
    [words] = whispers(circle, "ines")
    assert "Vous avez peut-être quelque chose à dire à Lou" in words
    for who in TEAM:
        assert who == "ines" or whispers(circle, who) == []
    assert "Un mot pour Lou" not in str(circle.cards("lou"))


async def test_silence_after_a_whisper_has_no_consequence(circle: House) -> None:
    await settled_pair(circle)
    await pass_days(circle, 1, 7, 7, 7, 7)
    assert len(whispers(circle, "ines")) == 1
    await pass_days(circle, 7)
    assert len(whispers(circle, "ines")) == 2


async def test_a_whisper_opens_the_form_filled_in_and_then_rests(circle: House) -> None:
    await settled_pair(circle)
    await pass_days(circle, 1, 1)
    card = circle.card("ines", "Un mot pour Lou")
    form = asked(await circle.presses("ines", OpenWhisper, card))
    assert value(form, "people") == (circle.sender("lou").address,)
    await circle.submits("ines", form, reason="ton fil")
    await circle.settle()
    assert "Inès vous dit merci" in circle.card("lou").title
    assert "Votre merci à Lou est parti" in plain.render(circle.card("ines", "Un mot pour Lou"))
    assert kinds(circle.card("ines", "Un mot pour Lou")) == []
    await pass_days(circle, 7, 28, 7)
    assert len(whispers(circle, "ines")) == 1


async def test_a_whisper_about_somebody_elsewhere_names_them_in_the_form(circle: House) -> None:
    await settled_pair(circle)
    await in_another_workspace(circle, "lou")
    await pass_days(circle, 1, 1)
    form = asked(await circle.presses("ines", OpenWhisper, circle.card("ines", "Un mot pour Lou")))
    assert (value(form, "people"), value(form, "elsewhere")) == ((), "@Lou")


async def test_whoever_is_new_or_silent_is_not_brought_up(circle: House) -> None:
    """Awa posted but came yesterday; Tom has been there long and did nothing that anybody could thank for."""
    await posted(circle, "ines", "awa")
    await pass_days(circle, 1, 1, 1)
    assert all(whispers(circle, who) == [] for who in TEAM)


async def test_a_whisper_that_lost_its_reason_before_it_left_never_leaves(circle: House) -> None:
    await circle.says("ines", "/cercle pause 2027-01-04")
    await settled_pair(circle)
    await pass_days(circle, 1, 1)
    await thank(circle, "hugo", "Lou", words="ton fil")
    await circle.says("ines", "/cercle resume")
    await circle.settle()
    assert whispers(circle, "ines") == []


async def test_nobody_is_asked_to_thank_somebody_who_left(circle: House) -> None:
    await circle.says("ines", "/cercle pause 2027-01-04")
    await settled_pair(circle)
    await pass_days(circle, 1, 1)
    await circle.says("lou", "/cercle leave")
    await circle.says("ines", "/cercle resume")
    await circle.settle()
    assert whispers(circle, "ines") == []


async def test_a_post_is_whispered_to_whoever_posted_and_named_to_nobody(circle: House) -> None:
    """The card says that who shared is shown to nobody; so it is."""
    await circle.with_member("camille", day_start="00:00", day_end="23:59")
    await posted(circle, "ines")
    await pass_days(circle, 1, 1)
    [words] = whispers(circle, "ines")
    assert "que Camille avait proposé" in words
    assert whispers(circle, "camille") == []
    assert "Inès" not in str(circle.cards("camille"))
    form = asked(await circle.presses("ines", OpenWhisper, circle.card("ines", "Après")))
    assert value(form, "people") == (circle.sender("camille").address,)


async def test_the_author_hears_of_a_post_when_whoever_posted_says_so(circle: House) -> None:
    await circle.with_member("camille", day_start="00:00", day_end="23:59")
    await posted(circle, "ines")
    await pass_days(circle, 1)
    card = circle.card("ines", "Après")
    for _ in range(2):
        await circle.presses("ines", TellAuthor, card)
    await circle.settle()
    assert "Camille le saura par vous" in plain.render(circle.card("ines", "Après"))
    [words] = whispers(circle, "camille")
    assert words.startswith("Inès tient à vous le dire")
    form = asked(await circle.presses("camille", OpenWhisper, circle.card("camille", "tient")))
    await circle.submits("camille", form, reason="avoir publié")
    await circle.settle()
    assert "Camille vous dit merci" in circle.card("ines").title


async def test_one_whisper_a_week_about_posts_and_none_about_a_post_taken_back(circle: House) -> None:
    await circle.with_member("camille", day_start="00:00", day_end="23:59")
    await posted(circle, "ines")
    await pass_days(circle, 1)
    await posted(circle, "ines")
    await pass_days(circle, 1, 1)
    assert len(whispers(circle, "ines")) == 1
    post = (await circle.database.read(lambda tx: tx.execute(select(tables.post.c.id)).scalars().all()))[0]
    await circle.says("hugo", "/cercle pause 2026-11-30")
    await clicks(circle, "hugo", Posted(post, "linkedin"))
    await pass_days(circle, 1)
    await clicks(circle, "hugo", NotPosted(post, "linkedin"))
    await circle.says("hugo", "/cercle resume")
    await circle.settle()
    assert whispers(circle, "hugo") == []


async def test_an_author_who_is_not_in_the_circle_cannot_be_thanked_so_nothing_is_said(
    circle: House,
) -> None:
    await posted(circle, "ines")
    await pass_days(circle, 1, 1)
    assert whispers(circle, "ines") == []


async def test_a_whisper_is_nobody_elses(circle: House) -> None:
    await circle.with_member("camille", day_start="00:00", day_end="23:59")
    await posted(circle, "ines")
    await pass_days(circle, 1)
    id = await circle.database.read(lambda tx: tx.execute(select(tables.whisper.c.id)).scalar_one())
    for action in (TellAuthor(id), OpenWhisper(id)):
        assert "bouton" in said(await clicks(circle, "hugo", action))
        assert "bouton" in said(await clicks(circle, "ines", type(action)("nothing")))
    assert whispers(circle, "camille") == []


async def test_whispers_wait_for_hours_and_go_stale(circle: House) -> None:
    await circle.with_member("camille", day_start="00:00", day_end="23:59")
    await circle.says("ines", "/cercle pause 2026-12-24")
    await posted(circle, "ines")
    await pass_days(circle, 1)
    assert whispers(circle, "ines") == []
    circle.clock.now = datetime(2026, 12, 24, 9, tzinfo=UTC)
    await circle.settle()
    assert whispers(circle, "ines") == []
