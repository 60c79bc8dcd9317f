"""The recap of the month: once, on its day, sums and stories, and one picture."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import insert, select

from bot.app import FEATURES
from bot.chat import plain
from bot.chat.card import Card, Image
from bot.context import File
from bot.domain.circle import Circle
from bot.domain.kudos import Answer, KudosKind
from bot.domain.pulse import Means
from bot.domain.recap import Figures, Told, month_told, months_until, panels
from bot.domain.rhythm import Ritual, When
from handlers.recap.picture import drawn
from storage import entries, kudos, people, pulses, rituals, shares, tables
from storage.transaction import CircleTransaction, Transaction
from tests.house import House, said

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DECEMBER = datetime(2026, 12, 22, 9, tzinfo=UTC)
"""The fourth Tuesday, 10:00 in Paris."""
MEMBERS = ("ines", "tom", "hugo", "lou", "sam")


@pytest.fixture
def house(sqlite_url: str) -> Iterator[House]:
    house = House(sqlite_url)
    yield house
    house.close()


async def founded(house: House, *members: str) -> None:
    await house.with_lead()
    for who in members:
        await house.with_member(who, ceiling="14")
    await house.settle()


async def at(house: House, *moments: datetime) -> None:
    for moment in moments:
        house.clock.now = moment
        await house.settle()


def circle_of(tx: Transaction) -> Circle:
    found = people.find(tx, "playground", "playground", "camille")
    assert found
    return found[0]


def person(tx: Transaction, who: str) -> str:
    return tx.execute(
        select(tables.account.c.person_id).where(tables.account.c.external_id == who)
    ).scalar_one()


def recaps_of(house: House, who: str) -> list[Card]:
    return [card for card in house.cards(who) if "Retour du mois" in card.title or "month in" in card.title]


def words(card: Card) -> str:
    return plain.render(card).replace("\u00a0", " ").replace("\u202f", " ")


def pictures(card: Card) -> list[Image]:
    return [element for element in card.body if isinstance(element, Image)]


async def fetched(house: House, image: Image) -> File | None:
    name, token = image.url.split("/")[-2:]
    made = {document.name: document.make for feature in FEATURES for document in feature.documents}
    return await house.database.read(lambda tx: made[name](tx, house.clock(), token))


def posted(tx: Transaction, now: datetime, *who: str) -> None:
    """Somebody posted the post, and one reader followed each link."""
    for name in who:
        post = tx.execute(select(tables.post.c.id)).scalar_one()
        share = shares.of_member(CircleTransaction(tx, circle_of(tx).id), post, person(tx, name))[0]
        shares.mark(CircleTransaction(tx, circle_of(tx).id), share, posted_at=now)
        shares.count_click(tx, share.link_token, "2026-11-25", name, now)


# Once, on its day


async def test_once_a_month_on_its_day(house: House) -> None:
    await founded(house, "ines", "tom")
    await at(house, DECEMBER - HOUR)
    assert recaps_of(house, "ines") == []
    await at(house, DECEMBER, DECEMBER + HOUR, DECEMBER + DAY, DECEMBER + 8 * DAY)
    assert [card.title for card in recaps_of(house, "ines")] == ["Retour du mois · décembre 2026"]
    assert [card.title for card in recaps_of(house, "tom")] == ["The month in the circle · December 2026"]
    assert recaps_of(house, "hugo") == []
    await at(house, datetime(2027, 1, 26, 9, tzinfo=UTC))
    assert recaps_of(house, "ines")[-1].title == "Retour du mois · janvier 2027"


async def test_a_late_one_is_caught_up_for_a_week(house: House) -> None:
    await founded(house, "ines")
    await at(house, DECEMBER - 2 * DAY, DECEMBER + 2 * DAY)
    assert len(recaps_of(house, "ines")) == 1
    await at(house, datetime(2027, 1, 20, 9, tzinfo=UTC), datetime(2027, 2, 3, 9, tzinfo=UTC))
    assert len(recaps_of(house, "ines")) == 1


async def test_a_circle_of_today_has_nothing_to_look_back_on(house: House) -> None:
    """It was founded on the fourth Tuesday at 10:00, the very hour of a recap."""
    await founded(house, "ines")
    await at(house, house.clock() + HOUR, house.clock() + DAY)
    assert recaps_of(house, "ines") == []


async def test_a_day_before_the_rhythm_was_chosen_is_no_day_of_it(house: House) -> None:
    await founded(house, "ines")

    def change(tx: Transaction) -> None:
        found = circle_of(tx)
        rituals.change(CircleTransaction(tx, found.id), found, Ritual.RECAP, When(1), house.clock())

    await at(house, datetime(2026, 12, 3, 9, tzinfo=UTC))
    await house.database.transact(change)
    await at(house, datetime(2026, 12, 4, 10, tzinfo=UTC))
    assert recaps_of(house, "ines") == []
    await at(house, datetime(2027, 1, 5, 9, tzinfo=UTC))
    assert [card.title for card in recaps_of(house, "ines")] == ["Retour du mois · décembre 2026"]


async def test_left_out_of_the_rhythm_there_is_none(house: House) -> None:
    await founded(house, "ines")

    def change(tx: Transaction) -> None:
        found = circle_of(tx)
        rituals.change(CircleTransaction(tx, found.id), found, Ritual.RECAP, When(0), house.clock())

    await house.database.transact(change)
    await at(house, DECEMBER, DECEMBER + DAY)
    assert recaps_of(house, "ines") == []


# What it tells


async def test_an_empty_month_says_so_kindly(house: House) -> None:
    await founded(house, "ines")
    await at(house, DECEMBER)
    card = recaps_of(house, "ines")[-1]
    assert "Un mois calme." in words(card)
    assert "Semaine des mercis : mardi 12 janvier, 10:00" in words(card)
    assert pictures(card) == []


async def test_it_tells_of_posts_and_shares_in_all(house: House) -> None:
    await founded(house, *MEMBERS)
    await house.with_post()
    await house.settle()
    await house.database.transact(lambda tx: posted(tx, house.clock(), "ines", "tom"))
    await at(house, DECEMBER)
    told = words(recaps_of(house, "hugo")[-1])
    assert "1 contenu apporté\n• Comment nous accueillons nos alternants" in told
    assert "2 partages, tout le monde ensemble. 2 clics sur les liens (robots écartés)." in told
    for name in ("Inès", "Tom", "Camille"):
        assert name not in told


async def test_of_few_no_number_points_at_anybody(house: House) -> None:
    await founded(house, *MEMBERS[:4])
    await house.with_post()
    await house.settle()
    await house.database.transact(lambda tx: posted(tx, house.clock(), "ines"))
    await at(house, DECEMBER)
    card = recaps_of(house, "hugo")[-1]
    assert "1 contenu apporté" in words(card)
    assert "partage" not in words(card).lower()
    assert "clic" not in words(card)


async def test_it_tells_stories_that_were_agreed_to(house: House) -> None:
    await founded(house, "ines", "tom", "hugo")

    def thank(tx: Transaction, reason: str, answer: Answer) -> None:
        id, receivers = circle_of(tx).id, [person(tx, "tom"), person(tx, "hugo")]
        given = kudos.give(
            CircleTransaction(tx, id), person(tx, "ines"), KudosKind.HELP, reason, receivers, house.clock()
        )
        kudos.answer(CircleTransaction(tx, id), given, receivers[0], answer, house.clock())

    for answer in (Answer.SHOWN, Answer.KEPT, Answer.DECLINED, Answer.NONE):
        await house.database.transact(partial(thank, reason=f"raison {answer}", answer=answer))
    await at(house, DECEMBER)
    told = words(recaps_of(house, "ines")[-1])
    assert "Inès à Tom :\n« raison shown »" in told
    assert told.count("raison") == 1
    assert "Hugo" not in told


async def test_it_tells_of_decisions_answers_and_trust(house: House) -> None:
    await founded(house, "ines")

    def happen(tx: Transaction) -> None:
        id, now = circle_of(tx).id, house.clock()
        entries.write(CircleTransaction(tx, id), "log.cadence_agreed", now, value="1")
        entries.write(CircleTransaction(tx, id), "log.pulse_opened", now)
        theme = {
            "circle_id": id,
            "id": "t1",
            "kind": "blocker",
            "title": "Trop\npeu de temps",
            "created_at": now,
        }
        tx.execute(insert(tables.theme).values(**theme, answer="Deux accroches de plus", answered_at=now))
        for number, trust in enumerate((3.5, 3.8)):
            moment = now + number * HOUR
            pulse = pulses.start(CircleTransaction(tx, id), moment, moment + DAY)
            assert pulse
            pulses.close(CircleTransaction(tx, id), pulse, moment)
            pulses.keep(CircleTransaction(tx, id), pulse, 5, Means(trust, 2.0, 3.0), [], lost=False)

    await house.database.transact(happen)
    await at(house, DECEMBER)
    told = words(recaps_of(house, "ines")[-1])
    assert "• Décidé par consentement" in told
    assert "baromètre ouvert" not in told.lower()
    assert "• Trop peu de temps – Deux accroches de plus" in told
    assert "Confiance, d’après le baromètre : 3,8 sur 5, 3,5 la fois d’avant." in told


async def test_nothing_is_told_twice_and_nothing_is_left_out(house: House) -> None:
    await founded(house, *MEMBERS)
    await house.with_post()
    await at(house, DECEMBER, datetime(2027, 1, 26, 9, tzinfo=UTC))
    first, second = recaps_of(house, "ines")
    assert "1 contenu" in words(first)
    assert "• Comment nous accueillons nos alternants" not in words(second)


async def test_the_latest_is_there_on_asking(house: House) -> None:
    await founded(house, "ines")
    assert "Pas encore de retour" in said(await house.says("ines", "/cercle retour"))
    assert "membres du cercle" in said(await house.says("hugo", "/cercle recap"))
    await at(house, DECEMBER)
    assert "décembre 2026" in said(await house.says("ines", "/cercle retour"))


def test_it_has_no_place_for_a_person_s_numbers() -> None:
    numbers = {field.name for field in fields(Told)} | {field.name for field in fields(Figures)}
    assert numbers == {
        *("posts", "shares", "clicks", "thanks", "decisions", "answers", "trust", "coming", "months"),
        "month",
    }


# The picture


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


async def test_one_picture_in_the_reader_s_language_with_all_of_it_in_words(house: House) -> None:
    await founded(house, *MEMBERS)
    await house.with_post()
    await house.settle()
    await house.database.transact(lambda tx: posted(tx, house.clock(), "ines"))
    await at(house, DECEMBER)
    (french,), (english,) = (pictures(recaps_of(house, who)[-1]) for who in ("ines", "tom"))
    assert "Contenus apportés : juil. 0, août 0, sept. 0, oct. 0, nov. 1 et déc. 0." in french.alt.replace(
        "\u00a0", " "
    )
    assert "Shares: Jul 0, Aug 0, Sept 0, Oct 0, Nov 1 and Dec 0." in english.alt
    one, other = await fetched(house, french), await fetched(house, english)
    assert one is not None
    assert other is not None
    assert (one.content_type, one.shown) == ("image/png", True)
    assert one.body != other.body
    assert 1500 < size(one.body)[0] < 1700
    assert 700 < size(one.body)[1] < 850
    assert len(one.body) < 1_000_000
    wrong = Image(french.url[:-22] + "x" * 22, "")
    assert await fetched(house, wrong) is None


def test_the_picture_shows_what_it_is_given() -> None:
    months = tuple(Figures(month, n, 0, None) for n, month in enumerate(months_until(date(2026, 11, 1))))
    more = (*months[:-1], Figures(months[-1].month, 50, 0, None))
    assert drawn("fr", months) != drawn("fr", more)
    assert list(panels(months)) == ["posts"]
    assert list(panels([Figures(date(2026, 11, 1), 0, 2, 7)])) == ["shares", "thanks"]


@pytest.mark.parametrize(
    ("day", "month"),
    [
        (date(2026, 11, 24), date(2026, 11, 1)),
        (date(2026, 11, 15), date(2026, 11, 1)),
        (date(2026, 12, 1), date(2026, 11, 1)),
        (date(2027, 1, 14), date(2026, 12, 1)),
    ],
)
def test_the_month_it_is_named_after(day: date, month: date) -> None:
    assert month_told(day) == month


def test_the_months_of_a_picture() -> None:
    assert months_until(date(2026, 2, 1), 3) == [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]
