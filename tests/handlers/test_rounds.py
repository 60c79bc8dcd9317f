"""A change proposed to the circle: it happens with consent, and never by silence alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time

import pytest
from sqlalchemy import Table

from bot.chat import plain
from bot.chat.action import Action, pack
from bot.chat.card import Card
from bot.chat.event import Click, Sender, Submission
from bot.chat.form import Answers, Form, Value
from bot.chat.reply import Ask, Say
from bot.domain.circle import Circle
from bot.domain.rhythm import Ritual, When
from bot.domain.round import Stance, Voice
from handlers.rounds import service
from handlers.rounds.cards import (
    OpenObjection,
    OpenRound,
    StartRound,
    TakeStance,
    WithdrawObjection,
    WithdrawRound,
)
from storage import circles, entries, rituals, rounds, tables, walls
from storage.transaction import CircleTransaction, Transaction
from tests.house import FRENCH, House, actions, asked, button, filled, kinds, said

MEMBERS = ("camille", "ines", "hugo", "lou")
CHANNEL = "playground:playground:#general"
WHY = "Octobre était trop plein."
PURPOSE: dict[str, Value] = {
    "value": "Faire connaître notre métier tel qu’on le vit.",
    "other": "Showing our work as we live it.",
}
"""As it stands to begin with."""


async def inhabited(house: House) -> House:
    """On a day on which nothing else comes round."""
    house.clock.now = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    await house.with_lead()
    for who in MEMBERS:
        await house.with_member(who, ceiling="10")
    return house


@pytest.fixture
async def circle(sqlite_url: str) -> AsyncIterator[House]:
    house = House(sqlite_url)
    yield await inhabited(house)
    house.close()


@pytest.fixture
async def on_each(house: House) -> House:
    """On each kind of database, where that may matter."""
    return await inhabited(house)


async def round_form(house: House, setting: str, who: str = "ines") -> Form:
    choice = await house.says(who, "/cercle décision")
    assert isinstance(choice, Say)
    return asked(await house.presses(who, OpenRound, choice.card, setting=setting))


async def propose(house: House, setting: str, value: str, who: str = "ines", **more: Value) -> str:
    form = await round_form(house, setting, who)
    reply = said(await house.submits(who, form, **{"value": value, "reason": WHY, **more}))
    await house.settle()
    return reply


async def speaks(house: House, who: str, kind: type[Action], reason: str = "", **fields: object) -> None:
    reply = await house.presses(who, kind, house.card(who, "Proposition"), **fields)
    if reason:
        await house.submits(who, asked(reply), reason=reason)
    await house.settle()


async def close(house: House) -> None:
    house.clock.now = datetime(2026, 12, 2, 23, 0, tzinfo=UTC)
    await house.settle()
    house.clock.now = datetime(2026, 12, 3, 9, 0, tzinfo=UTC)
    await house.settle()


async def rows(house: House, table: Table) -> list[dict[str, object]]:
    return await house.database.read(lambda tx: [dict(row._mapping) for row in tx.execute(table.select())])


async def the_circle(house: House) -> Circle:
    return await house.database.read(lambda tx: circles.every(tx)[0])


async def last_told(house: House) -> tuple[str, dict[str, str]]:
    circle_id = (await the_circle(house)).id
    entry = (await house.database.read(lambda tx: entries.latest(CircleTransaction(tx, circle_id), limit=1)))[
        0
    ]
    return entry.what, dict(entry.values)


def words(house: House, who: str, title: str = "Proposition") -> str:
    return plain.render(house.card(who, title))


# Proposing and speaking


async def test_any_member_proposes_and_each_one_is_asked(circle: House) -> None:
    assert "jusqu’au mercredi 2 décembre" in (await propose(circle, "cadence", "1")).lower()
    for who in ("camille", "hugo", "lou"):
        card = circle.card(who, "la cadence des contenus")
        id = button(card, OpenObjection).action.round
        assert actions(card) == [
            TakeStance(id, Stance.AGREE),
            TakeStance(id, Stance.ABSTAIN),
            OpenObjection(id),
        ]
        assert "2 contenus par semaine" in plain.render(card)
        assert "1 contenu par semaine" in plain.render(card)
        assert WHY in plain.render(card)
    assert kinds(circle.card("ines", "Proposition")) == [WithdrawRound]
    assert await last_told(circle) == ("log.round_opened", {"what": "setting.cadence"})


async def test_an_agreed_ceiling_bounds_what_the_pump_sends(on_each: House) -> None:
    await propose(on_each, "ceiling", "2")
    await speaks(on_each, "hugo", TakeStance, stance=Stance.AGREE)
    await close(on_each)
    found = await the_circle(on_each)
    assert found.weekly_ceiling == 2
    assert await last_told(on_each) == ("log.ceiling_agreed", {"value": "2"})
    assert "le réglage a changé" in words(on_each, "lou")
    on_each.clock.now = datetime(2026, 12, 7, 9, 0, tzinfo=UTC)
    await on_each.says("camille", "/cercle quitter")
    before = len(on_each.cards("lou"))
    for _ in range(4):
        await on_each.with_post()
        await on_each.settle()
    assert len(on_each.cards("lou")) == before + 2
    on_each.clock.now = datetime(2026, 12, 14, 9, 0, tzinfo=UTC)
    await on_each.settle()
    assert len(on_each.cards("lou")) == before + 4


async def test_an_agreed_cadence_is_told_to_whoever_goes_above_it(circle: House) -> None:
    await propose(circle, "cadence", "1")
    await speaks(circle, "hugo", TakeStance, stance=Stance.AGREE)
    await close(circle)
    assert (await the_circle(circle)).cadence == 1
    await circle.says("camille", "/cercle quitter")
    first = await published(circle)
    assert "contenu par semaine" not in first
    assert "a convenu de 1 contenu par semaine ; avec celui-ci, la semaine en compte 2" in await published(
        circle
    )
    circle.clock.pass_(days=7)
    assert "contenu par semaine" not in await published(circle)


async def published(house: House) -> str:
    """What the comms team is answered when it publishes."""
    await house.with_post()
    await house.settle()
    return said(house.answer.reply).replace("\u202f", " ")


async def test_an_agreed_ritual_changes_its_week_and_nothing_else_of_it(circle: House) -> None:
    found = await the_circle(circle)
    chosen = When(3, 3, time(15))
    await circle.database.transact(
        lambda tx: rituals.change(
            CircleTransaction(tx, found.id), found, Ritual.MEETING, chosen, circle.clock()
        )
    )
    await propose(circle, "ritual", "2", ritual="meeting")
    await speaks(circle, "hugo", TakeStance, stance=Stance.AGREE)
    await close(circle)
    rhythm = await circle.database.read(lambda tx: rituals.of_circle(CircleTransaction(tx, found.id), found))
    assert rhythm[Ritual.MEETING] == When(2, 3, time(15))
    assert (await last_told(circle))[1] == {"what": "setting.meeting", "value": "setting.week_2"}


async def test_an_agreed_purpose_is_a_new_charter_in_both_languages(circle: House) -> None:
    kept = await rows(circle, tables.consent)
    await propose(circle, "purpose", "Raconter ce métier.", other="To tell of this work.")
    assert "restent valables jusqu’à la prochaine saison" in words(circle, "hugo")
    await speaks(circle, "hugo", TakeStance, stance=Stance.AGREE)
    await close(circle)
    charters = {(row["version"], row["language"]): row for row in await rows(circle, tables.charter)}
    assert charters[2, "fr"]["purpose"] == "Raconter ce métier."
    assert charters[2, "en"]["purpose"] == "To tell of this work."
    for language in ("fr", "en"):
        for promise in ("members_promise", "organisation_promises"):
            assert charters[2, language][promise] == charters[1, language][promise]
    assert await rows(circle, tables.consent) == kept
    assert "Raconter ce métier." in plain.render(await circle.opens_home("lou"))
    assert await last_told(circle) == ("log.purpose_agreed", {})


async def test_an_objection_is_read_with_its_reason_and_stops_it(circle: House) -> None:
    await propose(circle, "cadence", "1")
    await speaks(circle, "hugo", TakeStance, stance=Stance.AGREE)
    await speaks(circle, "lou", OpenObjection, "Le salon de janvier en demandera davantage.")
    circle.clock.pass_(minutes=1)
    await circle.settle()
    for who in MEMBERS:
        assert "Lou objecte" in words(circle, who)
        assert "Le salon de janvier" in words(circle, who)
    await close(circle)
    assert (await the_circle(circle)).cadence == 2
    assert await last_told(circle) == ("log.round_objected", {"what": "setting.cadence"})
    back = [card for card in circle.cards("ines") if OpenRound in kinds(card)]
    assert len(back) == 1
    assert "Le salon de janvier" in plain.render(back[0])
    assert asked(await circle.presses("ines", OpenRound, back[0]))
    assert not [card for card in circle.cards("hugo") if OpenRound in kinds(card)]


async def test_an_objection_can_be_withdrawn_while_it_is_open(circle: House) -> None:
    await propose(circle, "cadence", "1")
    await speaks(circle, "hugo", TakeStance, stance=Stance.AGREE)
    await speaks(circle, "lou", OpenObjection, "Pas encore.")
    form = asked(await circle.presses("lou", OpenObjection, circle.card("lou", "Proposition")))
    assert filled(form)["reason"] == "Pas encore."
    await speaks(circle, "lou", WithdrawObjection)
    circle.clock.pass_(minutes=1)
    await circle.settle()
    assert "objecte" not in words(circle, "hugo").split(FRENCH("round.object"))[0]
    assert WithdrawObjection not in kinds(circle.card("lou", "Proposition"))
    await close(circle)
    assert (await the_circle(circle)).cadence == 1


async def test_a_voice_can_be_changed_and_stays_one(circle: House) -> None:
    await propose(circle, "cadence", "1")
    for stance, now in ((Stance.AGREE, "Vous êtes d’accord."), (Stance.ABSTAIN, "Vous vous abstenez.")):
        await speaks(circle, "hugo", TakeStance, stance=stance)
        assert now in words(circle, "hugo")
    (voice,) = await rows(circle, tables.voice)
    assert voice["stance"] == "abstain"
    await close(circle)
    assert (await the_circle(circle)).cadence == 2


async def test_silence_is_no_consent_and_lapses_kindly(circle: House) -> None:
    await propose(circle, "cadence", "1")
    await close(circle)
    assert (await the_circle(circle)).cadence == 2
    assert await last_told(circle) == ("log.round_lapsed", {"what": "setting.cadence"})
    assert "La proposition peut revenir" in words(circle, "ines")


async def test_who_is_silent_abstains_or_agrees_is_shown_to_nobody(circle: House) -> None:
    await hang_a_wall(circle)
    await propose(circle, "cadence", "1")
    await speaks(circle, "hugo", TakeStance, stance=Stance.AGREE)
    await speaks(circle, "lou", TakeStance, stance=Stance.ABSTAIN)
    circle.clock.pass_(minutes=1)
    await circle.settle()
    seen = [plain.render(on_the_wall(circle)), words(circle, "camille"), words(circle, "ines")]
    await close(circle)
    seen += [plain.render(on_the_wall(circle)), words(circle, "camille"), words(circle, "ines")]
    seen.append(said(await circle.says("camille", "/cercle journal")))
    for text in seen:
        assert "Hugo" not in text
        assert "Lou" not in text
    for label in ("abstien", "abstain"):
        assert label not in seen[3] + seen[-1]


async def hang_a_wall(house: House) -> None:
    found = await the_circle(house)
    workspace = str((await rows(house, tables.workspace))[0]["id"])
    await house.database.transact(
        lambda tx: walls.hang(CircleTransaction(tx, found.id), workspace_id=workspace, address=CHANNEL)
    )


def on_the_wall(house: House) -> Card:
    cards = [e.said for e in house.chat.chat.entries(CHANNEL, "lou") if isinstance(e.said, Card)]
    (found,) = [card for card in cards if "Proposition" in card.title]
    return found


async def test_one_living_card_at_the_wall_counts_and_takes_voices(circle: House) -> None:
    await hang_a_wall(circle)
    await propose(circle, "cadence", "1")
    packed = pack(TakeStance(await round_id(circle), "agree"))
    click = Click(circle.key(), circle.sender("hugo"), packed, CHANNEL)
    assert "Vous êtes d’accord." in said((await circle.dispatch(click)).reply)
    await circle.settle()
    assert "0 personne est d’accord" in plain.render(on_the_wall(circle))
    circle.clock.pass_(seconds=20)
    await circle.settle()
    assert "1 personne est d’accord" in plain.render(on_the_wall(circle))
    await close(circle)
    assert "le réglage a changé" in plain.render(on_the_wall(circle))
    assert kinds(on_the_wall(circle)) == []


async def round_id(house: House) -> str:
    return str((await rows(house, tables.round))[-1]["id"])


async def test_its_author_withdraws_it(circle: House) -> None:
    await propose(circle, "cadence", "1")
    await speaks(circle, "hugo", TakeStance, stance=Stance.AGREE)
    old = circle.card("lou", "Proposition")
    circle.clock.pass_(minutes=1)
    await speaks(circle, "ines", WithdrawRound)
    assert "Proposition retirée" in words(circle, "hugo")
    assert "n’est plus ouverte" in said(await circle.presses("lou", TakeStance, old, stance=Stance.AGREE))
    await close(circle)
    assert (await the_circle(circle)).cadence == 2
    assert await last_told(circle) == ("log.round_withdrawn", {"what": "setting.cadence"})


async def test_a_voice_leaves_with_its_member(circle: House) -> None:
    await propose(circle, "cadence", "1")
    await speaks(circle, "hugo", TakeStance, stance=Stance.AGREE)
    await speaks(circle, "lou", OpenObjection, "Non.")
    await circle.says("lou", "/cercle quitter")
    await close(circle)
    assert (await the_circle(circle)).cadence == 1


async def test_nobody_is_asked_in_a_pause_or_above_their_ceiling(circle: House) -> None:
    await circle.says("hugo", "/cercle pause 2026-12-24")
    form = asked(await circle.says("lou", "/cercle réglages"))
    await circle.submits("lou", form, ceiling="1")
    await circle.with_post()
    await circle.settle()
    await propose(circle, "cadence", "1")
    for who in ("hugo", "lou"):
        assert not [card for card in circle.cards(who) if "Proposition" in card.title]
    assert circle.card("camille", "Proposition")


# Bad input


@pytest.mark.parametrize(
    ("setting", "values", "wrong"),
    [
        ("cadence", {"value": "8"}, "value"),
        ("cadence", {"value": "-1"}, "value"),
        ("cadence", {"value": "two"}, "value"),
        ("cadence", {"value": "2"}, "value"),
        ("ceiling", {"value": "0"}, "value"),
        ("ceiling", {"value": "21"}, "value"),
        ("ceiling", {"value": "20"}, "value"),
        ("ritual", {"value": "5", "ritual": "meeting"}, "value"),
        ("ritual", {"value": "2", "ritual": "karaoke"}, "ritual"),
        ("ritual", {"value": "4", "ritual": "meeting"}, "value"),
        ("purpose", {"value": "  "}, "value"),
        (
            "purpose",
            {
                "value": "Faire connaître notre métier tel qu’on le vit.",
                "other": "Showing our work as we live it.",
            },
            "value",
        ),
        ("cadence", {"value": "1", "reason": " "}, "reason"),
        ("cadence", {"value": "1", "until": "2026-11-25"}, "until"),
        ("cadence", {"value": "1", "until": "2026-12-27"}, "until"),
        ("cadence", {"value": "1", "until": "9999-12-31"}, "until"),
        ("cadence", {"value": "1", "until": "demain"}, "until"),
    ],
)
async def test_what_makes_no_sense_is_said_beside_its_input(
    circle: House, setting: str, values: dict[str, Value], wrong: str
) -> None:
    form = await round_form(circle, setting)
    reply = await circle.submits("ines", form, **{"reason": WHY, **values})
    assert isinstance(reply, Ask), reply
    assert list(reply.errors) == [wrong]
    assert await rows(circle, tables.round) == []


async def test_the_longest_round_and_its_usual_end(circle: House) -> None:
    form = await round_form(circle, "cadence")
    assert filled(form)["until"] == "2026-12-02"
    await propose(circle, "cadence", "1", until="2026-12-26")
    (row,) = await rows(circle, tables.round)
    assert row["closes_at"] == datetime(2026, 12, 26, 23, 0, tzinfo=UTC)


async def test_two_rounds_on_one_setting(circle: House) -> None:
    form = await round_form(circle, "cadence", "hugo")
    await propose(circle, "cadence", "1")
    reply = await circle.submits("hugo", form, value="3", reason="Il y a de quoi.")
    assert isinstance(reply, Ask)
    sentence = (
        "Une proposition est déjà ouverte là-dessus, jusqu’au mercredi 2 décembre : 1 contenu par semaine."
    )
    assert {name: text.replace("\u00a0", " ") for name, text in reply.errors.items()} == {"value": sentence}
    assert "Il y a de quoi." in str(reply.form)
    assert len(await rows(circle, tables.round)) == 1
    assert "est ouverte" in await propose(circle, "ceiling", "5", "hugo")
    choice = said(await circle.says("lou", "/cercle round"))
    assert "la cadence des contenus" in choice
    assert "le plafond commun" in choice


async def test_two_rituals_are_two_settings(circle: House) -> None:
    await propose(circle, "ritual", "2", ritual="meeting")
    await propose(circle, "ritual", "0", ritual="poll")
    assert len(await rows(circle, tables.round)) == 2


@pytest.mark.parametrize("reason", ["", "   "])
async def test_an_objection_needs_a_reason(circle: House, reason: str) -> None:
    await propose(circle, "cadence", "1")
    form = asked(await circle.presses("lou", OpenObjection, circle.card("lou", "Proposition")))
    reply = await circle.submits("lou", form, reason=reason)
    assert isinstance(reply, Ask)
    assert "Quelques mots suffisent" in reply.errors["reason"]
    assert await rows(circle, tables.voice) == []


async def test_after_closing_nothing_counts_and_nothing_typed_is_lost(circle: House) -> None:
    await propose(circle, "cadence", "1")
    card = circle.card("lou", "Proposition")
    form = asked(await circle.presses("lou", OpenObjection, card))
    circle.clock.now = datetime(2026, 12, 2, 23, 0, tzinfo=UTC)
    for _ in range(2):  # over, and then closed
        assert "n’est plus ouverte" in said(
            await circle.presses("lou", TakeStance, card, stance=Stance.AGREE)
        )
        reply = said(await circle.submits("lou", form, reason="Trop tard ?"))
        assert "n’est plus ouverte" in reply
        assert "Trop tard" in reply
        await circle.settle()
    assert await rows(circle, tables.voice) == []


async def test_no_voice_for_whoever_is_no_member_or_of_another_circle(circle: House) -> None:
    await propose(circle, "cadence", "1")
    card = circle.card("lou", "Proposition")
    assert "members" in said(await circle.says("tom", "/cercle round"))
    assert "for members" in said(await circle.presses("tom", TakeStance, card, stance=Stance.AGREE))
    stranger = Sender("slack", "T9", "U9", "Eve", "fr", "Europe/Paris")
    join = asked((await circle.dispatch(Click(circle.key(), stranger, "join.open"))).reply)
    answers = Answers({**filled(join), "consent": True})
    await circle.dispatch(Submission(circle.key(), stranger, pack(join.action), answers))
    one = await round_id(circle)
    for action in (TakeStance(one, "agree"), OpenObjection(one)):
        reply = (await circle.dispatch(Click(circle.key(), stranger, pack(action)))).reply
        assert "n’est plus ouverte" in said(reply)
    assert await rows(circle, tables.voice) == []


async def test_ones_own_round_is_agreed_to_already(circle: House) -> None:
    await propose(circle, "cadence", "1")
    card = circle.card("hugo", "Proposition")
    assert "votre accord est acquis" in said(
        await circle.presses("ines", TakeStance, card, stance=Stance.AGREE)
    )
    mine = circle.card("ines", "Proposition")
    assert "Seule la personne" in said(await circle.presses("hugo", WithdrawRound, mine))
    await close(circle)
    assert (await the_circle(circle)).cadence == 2


@pytest.mark.parametrize("action", [OpenRound("karma"), StartRound("karma"), TakeStance("{round}", "object")])
async def test_buttons_nobody_made(circle: House, action: Action) -> None:
    await propose(circle, "cadence", "1")
    packed = pack(action).replace("%7Bround%7D", await round_id(circle))
    reply = (await circle.dispatch(Click(circle.key(), circle.sender("lou"), packed))).reply
    assert "/cercle aide" in said(reply)
    sent = Submission(circle.key(), circle.sender("lou"), packed, Answers({"value": "1", "reason": WHY}))
    assert "/cercle aide" in said((await circle.dispatch(sent)).reply)
    assert await rows(circle, tables.voice) == []


async def test_double_clicks(circle: House) -> None:
    form = await round_form(circle, "cadence")
    replies = [await circle.submits("ines", form, value="1", reason=WHY) for _ in range(2)]
    assert isinstance(replies[0], Say)
    assert isinstance(replies[1], Ask)
    await circle.settle()
    assert len(await rows(circle, tables.round)) == 1
    for _ in range(2):
        await circle.presses("hugo", TakeStance, circle.card("hugo", "Proposition"), stance=Stance.AGREE)
        await circle.presses("lou", TakeStance, circle.card("lou", "Proposition"), stance=Stance.ABSTAIN)
    assert len(await rows(circle, tables.voice)) == 2


async def test_markup_in_a_purpose_is_only_words(circle: House) -> None:
    nasty = "<!channel> *gras* [lien](https://e.example) {day} <script>"
    await propose(circle, "purpose", nasty)
    assert nasty in words(circle, "hugo")
    await speaks(circle, "hugo", TakeStance, stance=Stance.AGREE)
    await close(circle)
    assert nasty in plain.render(await circle.opens_home("lou"))
    assert nasty in str(asked(await circle.says("tom", "/cercle join")).parts)


# Many at the same moment


async def test_what_is_said_while_it_closes_counts_or_is_refused(on_each: House) -> None:
    """An objection that was taken is never passed over."""
    await propose(on_each, "cadence", "1")
    await speaks(on_each, "hugo", TakeStance, stance=Stance.AGREE)
    one, circle_id = await round_id(on_each), (await the_circle(on_each)).id
    lou = next(str(a["person_id"]) for a in await rows(on_each, tables.account) if a["name"] == "Lou")
    now = on_each.clock()

    def objects(tx: Transaction) -> bool:
        taken = rounds.hold_open(CircleTransaction(tx, circle_id), one, now)
        if taken:
            rounds.speak(CircleTransaction(tx, circle_id), one, Voice(lou, Stance.OBJECT, "Non."), now)
        return taken

    def closing(tx: Transaction) -> bool:
        return service.close(CircleTransaction(tx, circle_id), one, now)

    taken, *closed = await asyncio.gather(
        on_each.database.transact(objects), *(on_each.database.transact(closing) for _ in range(3))
    )
    assert sum(closed) == 1
    assert (await the_circle(on_each)).cadence == (2 if taken else 1)


async def test_two_at_once_open_one(on_each: House) -> None:
    forms = {who: await round_form(on_each, "cadence", who) for who in ("ines", "hugo")}
    await asyncio.gather(
        *(on_each.submits(who, form, value="1", reason=WHY) for who, form in forms.items() for _ in range(3))
    )
    assert len(await rows(on_each, tables.round)) == 1
