"""The monthly meeting: planned by the rhythm, moved by a lead, told in time, kept in minutes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from icalendar import Calendar
from sqlalchemy import insert, select

from bot.chat import plain
from bot.chat.action import Action, pack
from bot.chat.card import Card
from bot.chat.event import Click, Submission
from bot.chat.form import Answers, Form
from bot.chat.reply import Ask, Say
from bot.domain.circle import Circle, Role
from bot.domain.kudos import Answer, KudosKind
from bot.domain.rhythm import Ritual, When
from bot.domain.round import Cadence
from handlers.meetings.calendar import invitation
from handlers.meetings.cards import OpenMeeting, OpenMinutes, SaveMinutes
from storage import entries, kudos, meetings, people, rituals, rounds, tables
from storage.transaction import CircleTransaction, Transaction
from tests.house import House, asked, kinds, links, said

FIRST = datetime(2026, 12, 22, 9, tzinfo=UTC)
"""The fourth Tuesday of December, 10:00 in Paris."""
WEEK, DAY, HOUR = timedelta(days=7), timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def house(sqlite_url: str) -> Iterator[House]:
    house = House(sqlite_url)
    yield house
    house.close()


@pytest.fixture
async def circle(house: House) -> House:
    await house.with_lead()
    for who in ("ines", "tom"):
        await house.with_member(who, ceiling="14")
    await house.settle()
    return house


def circle_of(tx: Transaction) -> Circle:
    found = people.find(tx, "playground", "playground", "camille")
    assert found
    return found[0]


def person(tx: Transaction, who: str) -> str:
    return tx.execute(
        select(tables.account.c.person_id).where(tables.account.c.external_id == who)
    ).scalar_one()


async def at(house: House, *moments: datetime) -> None:
    for moment in moments:
        house.clock.now = moment
        await house.settle()


async def form_of(house: House, who: str, kind: type[Action]) -> Form:
    reply = await house.says(who, "/cercle réunion")
    assert isinstance(reply, Say)
    return asked(await house.presses(who, kind, reply.card))


def calendar_link(card: Card) -> str:
    """The only link of a meeting's card."""
    (url,) = links(card).values()
    return url


async def moved(house: House, day: str, hour: str = "10:00", place: str = "") -> None:
    form = await form_of(house, "camille", OpenMeeting)
    reply = await house.submits("camille", form, day=day, at=hour, place=place)
    assert isinstance(reply, Say), reply
    await house.settle()


async def past(house: House) -> None:
    """The meeting of December has taken place, an hour ago."""
    await at(house, FIRST - WEEK, FIRST + 2 * HOUR)


def titles(house: House, who: str) -> list[str]:
    return [card.title for card in house.cards(who)]


async def calendar(house: House, url: str) -> Calendar:
    token = url.rpartition("/")[2]
    file = await house.database.read(partial(invitation, now=house.clock(), token=token))
    assert file is not None
    assert file.content_type.startswith("text/calendar")
    return Calendar.from_ical(file.body)


# Planned


async def test_the_next_one_stands_in_the_rhythm(circle: House) -> None:
    told = said(await circle.says("tom", "/cercle meeting"))
    assert "Tuesday 22 December, 09:00" in told
    assert "agenda is open" in told
    assert "mardi 22 décembre, 10:00" in said(await circle.says("ines", "/cercle réunion"))


async def test_it_is_for_members_and_the_comms_team(circle: House) -> None:
    assert "membres du cercle" in said(await circle.says("hugo", "/cercle réunion"))


async def test_after_each_the_next_month_s_is_planned(circle: House) -> None:
    await at(circle, FIRST + 2 * HOUR)
    assert "mardi 26 janvier, 10:00" in said(await circle.says("ines", "/cercle réunion"))


async def test_the_rhythm_moves_it_and_calls_it_off(circle: House) -> None:
    def change(tx: Transaction, when: When) -> None:
        found = circle_of(tx)
        rituals.change(CircleTransaction(tx, found.id), found, Ritual.MEETING, when, circle.clock())

    await circle.database.transact(partial(change, when=When(3, 3)))
    await circle.settle()
    assert "jeudi 17 décembre, 10:00" in said(await circle.says("ines", "/cercle réunion"))
    await at(circle, datetime(2026, 12, 11, 12, tzinfo=UTC))
    assert "La prochaine réunion du cercle" in titles(circle, "ines")
    url = calendar_link(circle.card("ines", "prochaine réunion"))
    await circle.database.transact(partial(change, when=When(0)))
    await circle.settle()
    assert titles(circle, "ines")[-1] == "La réunion n’a pas lieu"
    assert (await calendar(circle, url)).events[0]["status"] == "CANCELLED"
    assert "Aucune réunion" in said(await circle.says("ines", "/cercle réunion"))
    await at(circle, datetime(2026, 12, 16, 12, tzinfo=UTC))
    assert "La réunion du cercle approche" not in titles(circle, "ines")
    await circle.database.transact(partial(change, when=When(3, 4)))
    await circle.settle()
    assert titles(circle, "ines")[-1] == "La prochaine réunion du cercle"
    assert "vendredi 18 décembre, 10:00" in plain.render(circle.cards("ines")[-1])


# Told


async def test_it_is_told_a_week_before_and_the_day_before_once(circle: House) -> None:
    await at(circle, FIRST - WEEK - HOUR)
    assert titles(circle, "ines").count("La prochaine réunion du cercle") == 0
    await at(circle, FIRST - WEEK, FIRST - WEEK + HOUR, FIRST - 3 * DAY, FIRST - DAY - HOUR)
    assert titles(circle, "ines").count("La prochaine réunion du cercle") == 1
    assert titles(circle, "ines").count("La réunion du cercle approche") == 0
    await at(circle, FIRST - DAY, FIRST - DAY + HOUR, FIRST - HOUR)
    assert titles(circle, "ines").count("La réunion du cercle approche") == 1
    assert titles(circle, "tom").count("The circle’s meeting is near") == 1
    assert "mardi 22 décembre, 10:00" in plain.render(circle.card("ines", "approche"))
    assert titles(circle, "hugo") == []


async def test_once_it_is_over_no_card_says_that_it_is_near(circle: House) -> None:
    await at(circle, FIRST - WEEK, FIRST - DAY)
    assert "demain" not in plain.render(circle.card("ines", "approche"))
    await at(circle, FIRST + 2 * HOUR)
    assert not any("approche" in title for title in titles(circle, "ines"))
    assert "La réunion du mardi 22 décembre" in map(plain.render, circle.cards("ines"))


async def test_who_was_away_is_not_told_of_what_is_over(circle: House) -> None:
    await circle.says("ines", "/cercle pause 2026-12-23")
    await at(circle, FIRST - WEEK, FIRST - DAY, FIRST + 2 * HOUR, FIRST + 2 * DAY)
    assert not any("réunion" in title for title in titles(circle, "ines"))


async def test_afterwards_its_card_invites_to_write_the_minutes(circle: House) -> None:
    await past(circle)
    card = circle.card("ines", "La réunion du mardi 22 décembre")
    assert kinds(card) == [OpenMinutes]


# The agenda


async def test_the_agenda_is_what_the_circle_brought(circle: House) -> None:
    now = circle.clock()

    def bring(tx: Transaction) -> None:
        id, ines, tom = circle_of(tx).id, person(tx, "ines"), person(tx, "tom")
        for number, (kind, answered) in enumerate((("blocker", None), ("practice", None), ("blocker", now))):
            row = {"circle_id": id, "id": f"theme{number}", "kind": kind, "title": f"thème {number}"}
            tx.execute(insert(tables.theme).values(**row, created_at=now, answered_at=answered))
        rounds.start(CircleTransaction(tx, id), ines, Cadence(1), "Trop de contenus", now, now + WEEK)
        for kind, answer, reason in (
            (KudosKind.WIN, Answer.SHOWN, "une candidate nous a écrit"),
            (KudosKind.WIN, Answer.KEPT, "secret"),
            (KudosKind.HELP, Answer.SHOWN, "coup de main"),
        ):
            given = kudos.give(CircleTransaction(tx, id), ines, kind, reason, [tom], now)
            kudos.answer(CircleTransaction(tx, id), given, tom, answer, now)

    await circle.database.transact(bring)
    told = said(await circle.says("ines", "/cercle réunion"))
    for there in ("thème 0", "1 contenu par semaine", "une candidate nous a écrit"):
        assert there in told
    for absent in ("thème 1", "thème 2", "secret", "coup de main", "Inès", "Tom"):
        assert absent not in told


# The file


async def test_the_file_says_what_the_card_says(circle: House) -> None:
    await moved(circle, "2026-12-23", "14:30", "Salle 4 ; au fond, à gauche\\n\nBEGIN:VEVENT")
    reply = await circle.says("ines", "/cercle réunion")
    assert isinstance(reply, Say)
    url = calendar_link(reply.card)
    assert url.startswith("https://cercle.example/f/meeting.ics/")
    (event,) = (await calendar(circle, url)).events
    assert event.start == datetime(2026, 12, 23, 13, 30, tzinfo=UTC)
    assert event.end == datetime(2026, 12, 23, 14, 30, tzinfo=UTC)
    assert event["location"] == "Salle 4 ; au fond, à gauche\\n BEGIN:VEVENT"
    assert event["summary"] == "Réunion du cercle"
    assert event["dtstamp"].dt == circle.clock()


async def test_a_moved_meeting_keeps_its_uid_and_its_old_link(circle: House) -> None:
    await at(circle, FIRST - WEEK)
    url = calendar_link(circle.card("ines", "prochaine réunion"))
    (before,) = (await calendar(circle, url)).events
    await moved(circle, "2026-12-29")
    (after,) = (await calendar(circle, url)).events
    assert after["uid"] == before["uid"]
    assert (before["sequence"], after["sequence"]) == (0, 1)
    assert after.start - before.start == WEEK


async def test_behind_another_token_there_is_nothing(circle: House) -> None:
    file = await circle.database.read(partial(invitation, now=circle.clock(), token="x" * 22))
    assert file is None


# Moved


async def test_moving_it_moves_the_card_and_the_reminder_and_is_logged(circle: House) -> None:
    await at(circle, FIRST - WEEK)
    await moved(circle, "2026-12-29", "11:00", "Chez Hugo")
    assert "mardi 29 décembre, 11:00" in plain.render(circle.card("ines", "prochaine réunion"))
    assert "Où : Chez Hugo" in plain.render(circle.card("ines", "prochaine réunion")).replace("\u00a0", " ")
    await at(circle, FIRST - DAY, FIRST)
    assert "La réunion du cercle approche" not in titles(circle, "ines")
    await at(circle, FIRST + 6 * DAY + HOUR)
    assert titles(circle, "ines").count("La réunion du cercle approche") == 1
    log = await circle.database.read(lambda tx: entries.latest(CircleTransaction(tx, circle_of(tx).id), 5))
    assert [(e.what, e.values) for e in log] == [("log.meeting", {"day": "2026-12-29", "time": "11:00"})]
    await at(circle, FIRST + 7 * DAY + 2 * HOUR)
    assert "mardi 26 janvier, 10:00" in said(await circle.says("ines", "/cercle réunion"))


async def test_a_reminder_of_the_old_date_says_where_it_went(circle: House) -> None:
    await at(circle, FIRST - WEEK, FIRST - DAY)
    await moved(circle, "2026-12-23")
    assert "La réunion a changé" in titles(circle, "ines")
    await at(circle, FIRST)
    assert titles(circle, "ines").count("La réunion du cercle approche") == 1


async def test_moved_to_this_afternoon_it_is_told_at_once(circle: House) -> None:
    await at(circle, FIRST - WEEK)
    await moved(circle, "2026-12-15", "16:00")
    assert "mardi 15 décembre, 16:00" in plain.render(circle.card("ines", "approche"))


async def test_told_for_the_first_time_on_the_last_day_it_is_told_once(circle: House) -> None:
    await moved(circle, "2026-11-25", "09:30")
    assert titles(circle, "ines").count("La prochaine réunion du cercle") == 1
    await at(circle, circle.clock() + HOUR)
    assert "La réunion du cercle approche" not in titles(circle, "ines")


@pytest.mark.parametrize(
    ("day", "hour", "field", "sentence"),
    [
        ("2026-11-23", "10:00", "day", "déjà passé"),
        ("2031-01-01", "10:00", "day", "un an"),
        ("demain", "10:00", "day", "Par exemple"),
        ("2026-12-23", "26:00", "at", "Par exemple"),
    ],
)
async def test_a_moment_that_cannot_be(circle: House, day: str, hour: str, field: str, sentence: str) -> None:
    form = await form_of(circle, "camille", OpenMeeting)
    reply = await circle.submits("camille", form, day=day, at=hour, place="Chez <b>Hugo</b>")
    assert isinstance(reply, Ask)
    assert sentence in reply.errors[field]
    assert "Chez <b>Hugo</b>" in str(reply.form)
    assert "22 décembre" in said(await circle.says("ines", "/cercle réunion"))


async def test_who_is_no_lead_is_told_who_can(circle: House) -> None:
    found = await circle.database.read(
        lambda tx: meetings.coming(CircleTransaction(tx, circle_of(tx).id), circle.clock())
    )
    assert found
    reply = await circle.says("ines", "/cercle réunion")
    assert isinstance(reply, Say)
    assert OpenMeeting not in kinds(reply.card)
    click = Click(circle.key(), circle.sender("ines"), pack(OpenMeeting(found.id)))
    assert "Camille" in said((await circle.dispatch(click)).reply)


async def test_of_two_leads_who_save_at_once_the_second_is_told(circle: House) -> None:
    def lead_too(tx: Transaction) -> None:
        found = people.find(tx, "playground", "playground", "ines")
        assert found
        people.change(CircleTransaction(tx, found[0].id), found[1], role=Role.LEAD)

    await circle.database.transact(lead_too)
    first = await form_of(circle, "camille", OpenMeeting)
    second = await form_of(circle, "ines", OpenMeeting)
    await circle.submits("camille", first, day="2026-12-16")
    reply = await circle.submits("ines", second, day="2026-12-17")
    assert isinstance(reply, Ask)
    assert "entre-temps" in reply.errors["day"]
    assert "16 décembre" in said(await circle.says("tom", "/cercle réunion")).replace(
        "16 December", "16 décembre"
    )
    assert "17 décembre" in said(await circle.submits("ines", reply.form, day="2026-12-17"))


async def test_markup_stays_what_it_is(circle: House) -> None:
    await moved(circle, "2026-12-23", place="<!channel> *gras* [lien](https://example.org) @Tom")
    told = said(await circle.says("ines", "/cercle réunion"))
    assert "<!channel> *gras* [lien](https://example.org) @Tom" in told


# Minutes


async def test_minutes_are_shown_to_everybody_and_kept(circle: House) -> None:
    await past(circle)
    form = await form_of(circle, "ines", OpenMinutes)
    await circle.submits("ines", form, minutes="Deux contenus par semaine.\n<b>Pas plus.</b>")
    await circle.settle()
    for who, title in (("ines", "Compte rendu"), ("tom", "Minutes of the meeting")):
        assert "<b>Pas plus.</b>" in plain.render(circle.card(who, title))
        assert "Inès" not in plain.render(circle.card(who, title))
    assert "Deux contenus" in said(await circle.says("camille", "/cercle réunion"))
    form = await form_of(circle, "tom", OpenMinutes)
    await circle.submits("tom", form, minutes="Un contenu par semaine.")
    await circle.settle()
    assert titles(circle, "ines").count("Compte rendu de la réunion du mardi 22 décembre") == 1
    assert "Un contenu par semaine." in plain.render(circle.card("ines", "Compte rendu"))


async def test_minutes_that_are_empty_or_too_long(circle: House) -> None:
    await past(circle)
    form = await form_of(circle, "ines", OpenMinutes)
    for text in ("", "   \n ", "x" * 2501):
        reply = await circle.submits("ines", form, minutes=text)
        assert isinstance(reply, Ask)
        assert reply.errors["minutes"]
    assert "Pas encore de compte rendu" in said(await circle.says("ines", "/cercle réunion"))


async def test_before_it_has_begun_there_are_no_minutes(circle: House) -> None:
    found = await circle.database.read(
        lambda tx: meetings.coming(CircleTransaction(tx, circle_of(tx).id), circle.clock())
    )
    assert found
    answers = Answers({"minutes": "Trop tôt."})
    event = Submission(circle.key(), circle.sender("ines"), pack(SaveMinutes(found.id, 0)), answers)
    told = said((await circle.dispatch(event)).reply)
    assert "pas encore commencé" in told
    assert "Trop tôt." in told


async def test_strangers_write_no_minutes(circle: House) -> None:
    await past(circle)
    found = await circle.database.read(
        lambda tx: meetings.last(CircleTransaction(tx, circle_of(tx).id), circle.clock())
    )
    assert found
    click = Click(circle.key(), circle.sender("hugo"), pack(OpenMinutes(found.id)))
    assert "membres du cercle" in said((await circle.dispatch(click)).reply)
    gone = Click(circle.key(), circle.sender("ines"), pack(OpenMinutes("nowhere")))
    assert "n’est plus là" in said((await circle.dispatch(gone)).reply)


async def test_of_two_who_write_at_once_nothing_is_lost(circle: House) -> None:
    await past(circle)
    first = await form_of(circle, "ines", OpenMinutes)
    second = await form_of(circle, "camille", OpenMinutes)
    await circle.submits("ines", first, minutes="D’Inès.")
    reply = await circle.submits("camille", second, minutes="De Camille.")
    assert isinstance(reply, Ask)
    assert "entre-temps" in reply.errors["minutes"]
    assert "De Camille." in str(reply.form)
    assert "D’Inès." in said(await circle.says("ines", "/cercle réunion"))
    await circle.submits("camille", reply.form, minutes="D’Inès. De Camille.")
    assert "De Camille." in said(await circle.says("ines", "/cercle réunion"))


async def test_the_reminder_is_at_the_same_hour_on_the_day_before_the_clocks_change(house: House) -> None:
    """A meeting on Sunday 28 March 2027 at 16:00 in Paris, a day of 23 hours."""
    house.clock.now = datetime(2027, 3, 20, 9, tzinfo=UTC)
    await house.with_lead()
    await house.with_member("ines", days=tuple("0123456"), ceiling="14")
    await moved(house, "2027-03-28", "16:00")
    await at(house, datetime(2027, 3, 27, 14, 59, tzinfo=UTC))
    assert "La réunion du cercle approche" not in titles(house, "ines")
    await at(house, datetime(2027, 3, 27, 15, 0, tzinfo=UTC))
    assert "La réunion du cercle approche" in titles(house, "ines")
