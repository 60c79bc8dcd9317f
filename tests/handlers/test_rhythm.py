"""The month of the circle: everybody reads it, a lead changes it, two of its weeks open with a card."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.chat.action import pack
from bot.chat.card import Card, FormButton, every_item
from bot.chat.event import Click, Submission
from bot.chat.form import Answers, Form, TimeInput, Value
from bot.chat.reply import Ask, Say
from bot.domain.circle import Role
from bot.domain.rhythm import USUAL, mark
from handlers.actions import OpenKudos, OpenPoll
from handlers.rhythm.cards import OpenRhythm, SaveRhythm
from storage import entries, people, walls
from storage.transaction import CircleTransaction, Transaction
from tests.house import House, asked, kinds, said

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def house(sqlite_url: str) -> Iterator[House]:
    house = House(sqlite_url)
    yield house
    house.close()


@pytest.fixture
async def circle(house: House) -> House:
    await house.with_lead()
    for who in ("ines", "tom"):
        await house.with_member(who)
    return house


async def opened(house: House, who: str = "camille") -> Form:
    reply = await house.says(who, "/cercle rythme")
    assert isinstance(reply, Say)
    return asked(await house.presses(who, OpenRhythm, reply.card))


async def logged(house: House) -> list[str]:
    def read(tx: Transaction) -> list[str]:
        found = people.find(tx, "playground", "playground", "camille")
        assert found
        return [
            f"{entry.what} {entry.values}" for entry in entries.latest(CircleTransaction(tx, found[0].id), 20)
        ]

    return await house.database.read(read)


def titles(house: House, who: str) -> list[str]:
    return [card.title for card in house.cards(who)]


async def walk(house: House, until: datetime, **step: float) -> None:
    while house.clock.now < until:
        house.clock.pass_(**step)
        await house.settle()


async def test_anybody_reads_the_usual_month(circle: House) -> None:
    told = said(await circle.says("hugo", "/cercle rythme"))
    assert "rythme habituel" in told
    assert "1er mardi du mois à 10:00, prochaine fois mardi 1er décembre" in told
    assert "4e mardi du mois à 10:00, prochaine fois mardi 22 décembre" in told
    assert "2nd Tuesday of the month at 10:00, next on Tuesday 8 December" in said(
        await circle.says("tom", "/cercle rhythm")
    )
    reply = await circle.says("tom", "/cercle rhythm")
    assert isinstance(reply, Say)
    assert kinds(reply.card) == []


async def test_a_lead_changes_it_in_one_form_and_the_log_says_so(circle: House) -> None:
    form = await opened(circle)
    reply = await circle.submits("camille", form, kudos="1", poll="0", weekday="3", at="14:30")
    told = said(reply)
    assert "1er jeudi du mois à 14:30, prochaine fois jeudi 3 décembre" in told
    assert "Semaine des sondages : Pas pour l’instant" in told
    assert "rythme habituel" not in said(await circle.says("ines", "/cercle rythme"))
    log = await logged(circle)
    assert any("rhythm.kudos" in line and "rhythm.week_1" in line for line in log)
    assert any("rhythm.poll" in line and "rhythm.never" in line for line in log)
    assert any("log.rhythm_hour" in line and "14:30" in line for line in log)
    assert len(log) == 3


async def test_saying_the_same_again_writes_nothing(circle: House) -> None:
    await circle.submits("camille", await opened(circle))
    assert await logged(circle) == []


async def test_who_is_no_lead_is_told_who_can(circle: House) -> None:
    answers = Answers({"weekday": "1", "at": "10:00"})
    click = Click(circle.key(), circle.sender("ines"), pack(OpenRhythm()))
    sent = Submission(circle.key(), circle.sender("ines"), pack(SaveRhythm(mark(USUAL))), answers)
    for event in (click, sent):
        told = said((await circle.dispatch(event)).reply)
        assert "Camille" in told
    assert await logged(circle) == []


async def test_with_no_lead_nobody_is_named(house: House) -> None:
    click = Click(house.key(), house.sender("ines"), pack(OpenRhythm()))
    assert "personne pour l’instant" in said((await house.dispatch(click)).reply)


@pytest.mark.parametrize("at", ["25:00", "", "<b>10</b>", "10 h et quart"])
async def test_an_hour_that_is_none_keeps_the_form_open(circle: House, at: str) -> None:
    reply = await circle.submits("camille", await opened(circle), kudos="4", at=at)
    assert isinstance(reply, Ask)
    assert "Par exemple" in reply.errors["at"]
    kept = {part.name: part.value for part in reply.form.parts if hasattr(part, "name")}
    assert kept["kudos"] == "4"
    assert kept["at"] == at
    assert await logged(circle) == []


@pytest.mark.parametrize("odd", [{"kudos": "9"}, {"weekday": "7"}, {"recap": ""}])
async def test_a_week_that_no_form_offers(circle: House, odd: dict[str, Value]) -> None:
    assert "n’a pas pu être lu" in said(await circle.submits("camille", await opened(circle), **odd))
    assert await logged(circle) == []


async def test_of_two_leads_who_save_at_once_the_second_is_told(circle: House) -> None:
    def lead_too(tx: Transaction) -> None:
        found = people.find(tx, "playground", "playground", "ines")
        assert found
        people.change(CircleTransaction(tx, found[0].id), found[1], role=Role.LEAD)

    await circle.database.transact(lead_too)
    first, second = await opened(circle), await opened(circle, "ines")
    await circle.submits("camille", first, kudos="3")
    reply = await circle.submits("ines", second, kudos="1", at="09:00")
    assert isinstance(reply, Ask)
    assert "entre-temps" in reply.errors["at"]
    assert "Kudos week : 3rd Tuesday" in said(await circle.says("tom", "/cercle rythme"))
    assert next(p.value for p in reply.form.parts if isinstance(p, TimeInput)) == "09:00"
    assert "1er mardi du mois à 09:00" in said(
        await circle.submits("ines", reply.form, kudos="1", at="09:00")
    )


async def test_the_weeks_of_thanks_and_of_polls_open_with_one_card_each(circle: House) -> None:
    circle.clock.now = datetime(2026, 12, 1, 12, tzinfo=UTC)
    await walk(circle, datetime(2026, 12, 22, 8, tzinfo=UTC), days=1)
    assert titles(circle, "ines").count("La semaine des mercis") == 1
    assert titles(circle, "ines").count("La semaine des sondages") == 1
    assert titles(circle, "tom").count("Kudos week") == 1
    assert "La semaine des mercis" not in titles(circle, "hugo")
    assert _opens(circle.card("ines", "mercis")) == [OpenKudos()]
    assert _opens(circle.card("ines", "sondages")) == [OpenPoll()]


def _opens(card: Card) -> list[object]:
    return [item.action for item in every_item(card) if isinstance(item, FormButton)]


async def test_where_there_is_a_wall_it_is_said_there_once(circle: House) -> None:
    place = "playground:playground:#general"

    def hang(tx: Transaction) -> None:
        found = people.find(tx, "playground", "playground", "camille")
        assert found
        walls.hang(CircleTransaction(tx, found[0].id), found[1].workspace_id, place)

    await circle.database.transact(hang)
    circle.clock.now = datetime(2026, 12, 8, 9, 1, tzinfo=UTC)
    await circle.settle()
    said_there = [e.said for e in circle.chat.chat.entries(place, "ines") if isinstance(e.said, Card)]
    assert [card.title for card in said_there] == ["La semaine des mercis"]
    assert "La semaine des mercis" not in titles(circle, "ines")


async def test_it_waits_for_ones_hours(circle: House) -> None:
    circle.clock.now = datetime(2026, 12, 8, 9, 1, tzinfo=UTC)
    await circle.with_member("hugo", day_start="15:00", day_end="18:00")
    await circle.settle()
    assert "La semaine des mercis" not in titles(circle, "hugo")
    await walk(circle, datetime(2026, 12, 8, 15, tzinfo=UTC), minutes=30)
    assert "La semaine des mercis" in titles(circle, "hugo")


@pytest.mark.parametrize(
    ("day", "due"),
    [
        ("2027-03-28", datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
        ("2026-10-25", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
async def test_once_in_both_nights_that_change_the_clocks(house: House, day: str, due: datetime) -> None:
    """A circle with the oddest of rhythms: the fourth Sunday at 02:30. Members work at night."""
    house.clock.now = due - timedelta(days=9)
    await house.with_lead()
    await house.with_member("ines", day_start="00:00", day_end="23:59", days=tuple("0123456"))
    await house.submits("camille", await opened(house), kudos="4", poll="0", weekday="6", at="02:30")
    house.clock.now = due - timedelta(hours=3)
    sent: list[datetime] = []
    while house.clock.now < due + timedelta(hours=7):
        house.clock.pass_(minutes=30)
        await house.settle()
        sent += [house.clock.now] * (titles(house, "ines").count("La semaine des mercis") - len(sent))
    assert sent == [due]
    assert due.astimezone(PARIS).date().isoformat() == day


async def test_an_hour_that_has_gone_by_today_is_meant_for_next_month(circle: House) -> None:
    circle.clock.now = datetime(2026, 12, 8, 11, tzinfo=UTC)
    await circle.submits("camille", await opened(circle), kudos="2", at="11:00")
    await circle.settle()
    assert "La semaine des mercis" not in titles(circle, "ines")


async def test_a_card_of_a_week_that_is_over_is_of_no_use(circle: House) -> None:
    await circle.says("ines", "/cercle pause 2026-12-20")
    circle.clock.now = datetime(2026, 12, 8, 9, 1, tzinfo=UTC)
    await circle.settle()
    await walk(circle, datetime(2026, 12, 22, 8, tzinfo=UTC), days=2)
    assert "La semaine des mercis" not in titles(circle, "ines")
