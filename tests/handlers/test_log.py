"""The circle's public log: the same for everybody, in each one's language."""

from __future__ import annotations

import re

import pytest

from bot.chat import plain
from bot.chat.event import Command, Sender
from bot.domain.entry import Entry
from bot.locales import Translator
from handlers.log import cards
from storage import circles, entries
from storage.transaction import CircleTransaction
from tests.house import FRENCH, TUESDAY, House, said


async def write(house: House, what: str, /, **values: str) -> None:
    await house.opens_home("ines")
    now = house.clock()
    await house.database.transact(
        lambda tx: entries.write(CircleTransaction(tx, circles.every(tx)[0].id), what, now, **values)
    )


async def test_it_is_read_by_anybody_in_their_own_language(house: House) -> None:
    await write(house, "log.ritual_agreed", what="setting.meeting", value="setting.week_2")
    await write(house, "log.slowed", trust="2.6", floor="3")
    french = said(await house.says("ines", "/cercle journal"))
    assert "Désormais, la semaine de la réunion\u00a0: la 2e du mois." in french
    assert "est à 2,6 sur 5" in french
    assert "mardi 24 novembre" in french
    english = said(await house.says("tom", "/cercle log"))
    assert "From now on, the week of the meeting: the 2nd of the month." in english
    assert "stands at 2.6 out of 5" in english
    assert "Tuesday 24 November" in english


async def test_the_latest_twenty_newest_first(house: House) -> None:
    for number in range(25):
        await write(house, "log.cadence_agreed", value=str(number))
        house.clock.pass_(hours=1)
    text = said(await house.says("ines", "/cercle journal"))
    assert [int(number) for number in re.findall(r"Contenus par semaine\s: (\d+)", text)] == [
        *range(24, 4, -1)
    ]


async def test_an_empty_log_says_what_it_is_for(house: House) -> None:
    assert "s’écrira ici" in said(await house.says("ines", "/cercle journal"))


async def test_another_circle_and_a_guest_read_nothing_of_it(house: House) -> None:
    await write(house, "log.purpose_agreed")
    stranger = Sender("slack", "T9", "U9", "Eve", "fr", "Europe/Paris")
    assert "s’écrira ici" in said((await house.dispatch(Command(house.key(), stranger, "journal"))).reply)
    guest = Sender("playground", "playground", "guest", "Guest", "fr", "Europe/Paris", guest=True)
    answer = said((await house.dispatch(Command(house.key(), guest, "journal"))).reply)
    assert "raison d’être" not in answer
    assert answer == FRENCH("guest.outside")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("3", "3"),
        ("2.6", "2,6"),
        ("2026-12-01", "mardi 1er décembre"),
        ("2026-99-99", "2026-99-99"),
        ("setting.never", "jamais"),
        ("pulse.line", "pulse.line"),
        ("no.such_key", "no.such_key"),
        ("{braces} <!channel> *gras*", "{braces} <!channel> *gras*"),
        ("9" * 400, "9" * 400),
        ("", ""),
    ],
)
def test_what_fills_a_sentence_is_said_as_the_reader_says_it(value: str, shown: str) -> None:
    entry = Entry(TUESDAY, "log.cadence_agreed", {"value": value})
    assert f"\u00a0: {shown}." in plain.render(cards.log(Translator("fr"), [entry]))


async def test_an_entry_that_the_catalogue_has_no_sentence_for_is_said_to_be_there(house: House) -> None:
    await write(house, "log.of_an_older_version", value="3")
    await write(house, "log.cadence_agreed", value="2")
    assert "que celle-ci ne sait plus dire" in said(await house.says("ines", "/cercle journal"))
    english = said(await house.says("tom", "/cercle log"))
    assert "which this one can no longer tell" in english
    assert "Contents a week: 2" in english
