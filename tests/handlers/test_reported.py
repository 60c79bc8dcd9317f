"""What a platform reports is stored at once, and what waits for that person is scheduled again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import func, insert, select

from bot.chat import plain
from bot.chat.card import Card
from bot.chat.event import HomeOpened
from bot.chat.report import (
    AccountChanged,
    ChannelClosed,
    ChannelJoined,
    ChannelLeft,
    ChannelRenamed,
    ChannelReopened,
    Connected,
    Disconnected,
    Report,
)
from bot.domain.message import DISCONNECTED, GREETING, State
from handlers.actions import OpenJoin, OpenPoll, ShowHelp
from handlers.membership.service import attach_workspace
from storage import people, tables, workspaces
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction
from tests.house import House, kinds

T = TypeVar("T")
HERE = ("playground", "playground")
GENERAL = "playground:playground:#general"
PRIVATE = "playground:playground:#private"
EVENING = datetime(2026, 11, 24, 20, tzinfo=UTC)
"""Half past one in the night in Kolkata, 15:00 in New York."""


@pytest.fixture
async def circle(house: House) -> House:
    await house.with_lead()
    for who in ("ines", "priya"):
        await house.with_member(who)
    return house


async def report(house: House, told: Report) -> bool:
    return await house.dispatch.report(told)


async def account(house: House, who: str, *, reachable: bool | None = True, **more: Any) -> bool:
    """Report what is given of somebody's account, and nothing else."""
    sender = replace(house.sender(who), **{"locale": "", "zone": "", **more})
    return await report(house, AccountChanged(house.key(), sender, reachable))


async def look(house: House, read: Callable[[Transaction], T]) -> T:
    return await house.database.transact(read)


def words(card: Card) -> str:
    return plain.render(card).replace("\u00a0", " ").replace("\u202f", " ")


async def a_card_waits_for(house: House, moment: datetime) -> None:
    house.clock.now = moment
    await house.with_post()
    await house.settle()
    assert house.cards("priya") == []


# Accounts


async def test_a_card_that_waits_waits_for_the_hours_of_the_new_zone(circle: House) -> None:
    await a_card_waits_for(circle, EVENING)
    assert await account(circle, "priya", zone="Asia/Tokyo")
    circle.clock.now = datetime(2026, 11, 24, 23, 59, tzinfo=UTC)
    await circle.settle()
    assert circle.cards("priya") == []
    circle.clock.now = datetime(2026, 11, 25, 0, tzinfo=UTC)  # 9:00 in Tokyo, 5:30 in Kolkata
    await circle.settle()
    assert circle.card("priya", "alternants")


async def test_a_card_leaves_at_once_where_it_is_day(circle: House) -> None:
    await a_card_waits_for(circle, EVENING)
    await account(circle, "priya", zone="America/New_York")
    await circle.settle()
    assert circle.card("priya", "alternants")


async def test_a_card_that_waits_is_drawn_in_the_new_language(circle: House) -> None:
    await a_card_waits_for(circle, EVENING)
    await account(circle, "priya", locale="fr-FR", zone="America/New_York")
    await circle.settle()
    assert "proposé par Camille" in words(circle.card("priya", "alternants"))


async def test_what_an_event_tells_of_its_sender_is_stored_as_a_report_is(circle: House) -> None:
    """Teams tells the zone and the language with each message."""
    await a_card_waits_for(circle, EVENING)
    there = replace(circle.sender("priya"), zone="America/New_York", locale="fr-FR")
    await circle.dispatch(HomeOpened(circle.key(), there))
    await circle.settle()
    assert "proposé par Camille" in words(circle.card("priya", "alternants"))


async def test_a_closed_account_receives_nothing_until_it_is_opened_again(circle: House) -> None:
    await a_card_waits_for(circle, EVENING)
    await account(circle, "priya", reachable=False)
    for day in (25, 26, 27):
        circle.clock.now = datetime(2026, 11, day, 9, tzinfo=UTC)
        await circle.settle()
    assert circle.cards("priya") == []
    circle.clock.pass_(minutes=1)
    await account(circle, "priya", reachable=True)
    await circle.settle()
    assert circle.card("priya", "alternants")


async def test_what_is_stored_is_what_was_told(circle: House) -> None:
    await account(circle, "priya", name="Priya K.", zone="Asia/Tokyo", locale="fr-FR", guest=True)
    await account(circle, "priya", reachable=None, name="", guest=True)

    def read(tx: Transaction) -> object:
        found = people.find(tx, *HERE, "priya")
        assert found
        mine = found[1].account
        return mine.name, mine.zone, mine.language, mine.guest, mine.reachable

    assert await look(circle, read) == ("Priya K.", "Asia/Tokyo", "fr", True, True)


async def test_nobody_is_noted_down_because_of_a_report(circle: House) -> None:
    def count(tx: Transaction) -> int:
        return tx.execute(select(func.count()).select_from(tables.account)).scalar_one()

    before = await look(circle, count)
    stranger = replace(circle.sender("priya"), user="eve")
    assert not await report(circle, AccountChanged("k1", stranger, True))
    elsewhere = replace(circle.sender("priya"), workspace="elsewhere")
    assert not await report(circle, AccountChanged("k2", elsewhere, True))
    assert not await report(circle, ChannelRenamed("k3", "playground", "elsewhere", "x", "#x"))
    assert await look(circle, count) == before


async def test_a_report_that_is_told_twice_is_one(circle: House) -> None:
    """Slack may repeat an old one after a newer one."""
    old = AccountChanged("same", replace(circle.sender("priya"), zone="Asia/Tokyo"), True)
    assert await report(circle, old)
    await account(circle, "priya", zone="America/New_York")
    assert not await report(circle, old)

    def zone(tx: Transaction) -> str:
        found = people.find(tx, *HERE, "priya")
        assert found
        return found[1].zone

    assert await look(circle, zone) == "America/New_York"


# Channels


def said_in(house: House, place: str) -> list[Card]:
    return [entry.said for entry in house.chat.chat.entries(place, "") if isinstance(entry.said, Card)]


async def test_whoever_brings_cercle_into_a_channel_is_told_once_what_is_possible_there(
    circle: House,
) -> None:
    for key in ("k1", "k2"):
        assert await report(circle, ChannelJoined(key, *HERE, GENERAL, "fr-FR"))
        await circle.settle()
    (greeting,) = said_in(circle, GENERAL)
    assert "Bonjour, ici Cercle" in words(greeting)
    assert kinds(greeting) == [OpenPoll, OpenJoin, ShowHelp]


async def test_a_channel_in_a_workspace_without_a_circle_is_greeted_too(house: House) -> None:
    assert await report(house, ChannelJoined("k1", *HERE, GENERAL, "en-GB", "Europe/London"))
    await house.settle()
    (greeting,) = said_in(house, GENERAL)
    assert "Hello, this is Cercle" in words(greeting)
    rows = await look(house, lambda tx: tx.execute(select(tables.person.c.id)).all())
    assert rows == []


async def test_what_could_not_be_shown_appears_when_cercle_is_invited(circle: House) -> None:
    await circle.says("ines", '/cercle sondage "On déjeune ?" "Oui" "Non"', PRIVATE)
    for _ in range(2):
        await circle.settle()
    assert "#private" in words(circle.card("camille", "non remis"))
    circle.chat.chat._conversations[PRIVATE] = {}
    await report(circle, ChannelJoined("k1", *HERE, PRIVATE))
    for _ in range(2):
        await circle.settle()
    assert {card.title for card in said_in(circle, PRIVATE)} == {"Bonjour, ici Cercle", "On déjeune ?"}
    assert "Rien n’attend de décision" in words(circle.card("camille"))


async def test_a_channel_is_called_by_its_new_name(circle: House) -> None:
    await circle.says("ines", '/cercle sondage "On déjeune ?" "Oui" "Non"', PRIVATE)
    await circle.settle()
    await report(circle, ChannelRenamed("k1", *HERE, PRIVATE, "#idées"))
    await circle.settle()
    assert "#idées · Sondage" in words(circle.card("camille", "non remis"))


@pytest.mark.parametrize("lost", [ChannelClosed, ChannelLeft])
async def test_no_wall_hangs_where_cercle_cannot_speak(
    circle: House, lost: type[ChannelClosed | ChannelLeft]
) -> None:
    await circle.says("camille", "/cercle mur ici", GENERAL)
    await circle.settle()
    await report(circle, lost("k0", *HERE, PRIVATE))
    assert len(await look(circle, lambda tx: tx.execute(tables.wall.select()).all())) == 1
    await report(circle, lost("k1", *HERE, GENERAL))
    assert await look(circle, lambda tx: tx.execute(tables.wall.select()).all()) == []


async def test_a_closed_channel_is_known_to_be_closed_until_it_is_opened_again(circle: House) -> None:
    c = tables.channel.c

    def closed(tx: Transaction) -> object:
        return tx.execute(select(c.closed_at).where(c.address == GENERAL)).scalar_one()

    await circle.says("ines", "/cercle sondages", GENERAL)
    await report(circle, ChannelClosed("k1", *HERE, GENERAL))
    assert await look(circle, closed) == circle.clock()
    await report(circle, ChannelReopened("k2", *HERE, GENERAL))
    assert await look(circle, closed) is None


async def test_nothing_is_kept_of_channels_that_we_have_nothing_to_do_with(circle: House) -> None:
    await report(circle, ChannelRenamed("k1", *HERE, GENERAL, "#idées"))
    await report(circle, ChannelClosed("k2", *HERE, GENERAL))
    assert await look(circle, lambda tx: tx.execute(tables.channel.select()).all()) == []


async def test_what_was_not_shown_in_a_channel_that_is_closed_since_is_not_tried_again(circle: House) -> None:
    await circle.says("ines", '/cercle sondage "On déjeune ?" "Oui" "Non"', PRIVATE)
    await circle.settle()
    await report(circle, ChannelClosed("k1", *HERE, PRIVATE))
    await circle.settle()
    card = circle.card("camille", "non remis")
    assert "archivé ou supprimé" in words(card)
    assert kinds(card) == []


# The connection


async def test_nothing_leaves_for_a_workspace_that_does_not_accept_us(circle: House) -> None:
    await circle.with_post()
    await report(circle, Disconnected("k1", *HERE))
    for _ in range(5):
        await circle.settle()
        circle.clock.pass_(minutes=11)
    assert circle.cards("ines") == []
    await report(circle, Connected("", *HERE))
    await circle.settle()
    assert circle.card("ines", "alternants")


async def test_what_is_over_when_the_connection_is_back_does_not_leave(circle: House) -> None:
    await circle.with_post(expires="2026-11-25")
    await report(circle, Disconnected("k1", *HERE))
    await circle.settle()
    circle.clock.pass_(days=2)
    await report(circle, Connected("", *HERE))
    await circle.settle()
    assert circle.cards("ines") == []


async def test_without_a_workspace_every_one_of_the_platform_is_meant(circle: House) -> None:
    await report(circle, Disconnected("", "playground", ""))
    assert len(await look(circle, workspaces.disconnected)) == 1
    await report(circle, Connected("", "playground", ""))
    assert await look(circle, workspaces.disconnected) == []


async def test_the_leads_are_told_in_the_other_chat(circle: House) -> None:
    def elsewhere(tx: Transaction) -> str:
        found = people.find(tx, *HERE, "camille")
        assert found
        bound = CircleTransaction(tx, found[0].id)
        workspace = attach_workspace(bound, "teams", "tenant")
        known = {"circle_id": found[0].id, "id": new_id(), "person_id": found[1].id, "receives": False}
        there = {"workspace_id": workspace, "external_id": "c", "address": "teams:tenant:c"}
        tx.execute(insert(tables.account).values(known | there))
        return workspace

    workspace = await look(circle, elsewhere)
    m = tables.message.c
    wanted = select(m.workspace_id, m.address, m.state, m.wanted_version).where(m.kind == DISCONNECTED.name)
    for key in ("k1", "k2"):
        await report(circle, Disconnected(key, *HERE))
        (row,) = await look(circle, lambda tx: tx.execute(wanted).all())
        assert tuple(row) == (workspace, "teams:tenant:c", State.WAITING, 1)
    await report(circle, Connected("", *HERE))
    (row,) = await look(circle, lambda tx: tx.execute(wanted).all())
    assert row.wanted_version == 2
    circle.clock.pass_(hours=1)
    await report(circle, Disconnected("k3", *HERE))
    assert len(await look(circle, lambda tx: tx.execute(wanted).all())) == 2


async def test_nobody_is_told_where_nothing_leaves(circle: House) -> None:
    await report(circle, Disconnected("k1", *HERE))
    m = tables.message.c
    told = select(func.count()).select_from(tables.message).where(m.kind == DISCONNECTED.name)
    assert await look(circle, lambda tx: tx.execute(told).scalar_one()) == 0


async def test_what_is_requested_meanwhile_waits_and_costs_a_look_every_ten_minutes(circle: House) -> None:
    await report(circle, Disconnected("k1", *HERE))
    await report(circle, ChannelJoined("k2", *HERE, GENERAL))
    await circle.settle()
    m = tables.message.c
    due = select(m.due_at).where(m.kind == GREETING.name)
    assert await look(circle, lambda tx: tx.execute(due).scalar_one()) == circle.clock() + timedelta(
        minutes=10
    )
