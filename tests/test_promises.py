"""The promises of the programme, each by a test that can fail. Two weeks of a circle are lived at random, and
whatever reaches anybody is held against what they chose."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest
from sqlalchemy import Row, select

from bot.chat import plain
from bot.chat.card import Card
from bot.chat.form import Value
from bot.chat.reply import Say
from bot.domain.message import POST, REMINDER
from handlers.sharing.cards import Decline, Later, OpenWords, Why
from storage import tables
from tests.databases import fresh
from tests.house import PEOPLE, House, asked, button, kinds

WISHES: dict[str, dict[str, Value]] = {
    "ines": {"ceiling": "2", "country": "FR"},
    "hugo": {"ceiling": "1", "day_start": "22:00", "day_end": "06:00"},
    "awa": {"ceiling": "3", "days": ("1", "3")},
    "tom": {"ceiling": "5", "day_start": "08:00", "day_end": "12:30"},
    "priya": {"ceiling": "7"},
    "sam": {"ceiling": "2", "country": "GB"},
}
"""Nights, two-day weeks, half days, six time zones, and two countries' holidays."""
START = datetime(2026, 12, 14, 5, 0, tzinfo=UTC)
"""A Monday; Christmas falls in the second week."""
ZONES = {person.id: person.zone for person in PEOPLE}
REACTIONS = (Later, Decline, OpenWords, Why)


def fits_the_wishes(who: str, moment: datetime) -> bool:
    """Said again in the plainest way, without the programme's own rules."""
    wishes = WISHES[who]
    local = moment.astimezone(ZoneInfo(ZONES[who]))
    start = time.fromisoformat(str(wishes.get("day_start", "09:00")))
    end = time.fromisoformat(str(wishes.get("day_end", "18:00")))
    night = end <= start
    day = local.date() - timedelta(days=1 if night and local.time() < end else 0)
    inside = (start <= local.time() or local.time() < end) if night else start <= local.time() < end
    off = wishes.get("country") and day in holidays.country_holidays(str(wishes["country"]))
    return inside and str(day.weekday()) in wishes.get("days", "01234") and not off  # type: ignore[operator]


class Fortnight:
    """What reached whom, and whether it should have."""

    def __init__(self, house: House, seed: int) -> None:
        self.house = house
        self.dice = random.Random(seed)
        self.members = set(WISHES)
        self.paused: dict[str, datetime] = {}
        self.known: set[str] = set()
        self.week: Counter[tuple[str, tuple[int, int]]] = Counter()

    async def live(self) -> None:
        while self.house.clock() < START + timedelta(days=14):
            if self.dice.random() < 0.06:
                await self.house.with_post(expires="2027-01-10")
            await self.house.settle()
            for who, cards in (await self.arrived()).items():
                for card in cards:
                    self.judge(who, card)
                for card in cards:
                    await self.react(who, card)
            await self.house.settle()
            assert not any((await self.arrived()).values()), "a reaction brings nothing unasked"
            self.house.clock.pass_(minutes=self.dice.choice((35, 60, 85)))

    async def arrived(self) -> dict[str, list[Card]]:
        """Return the posts and reminders that were not there before, by person; other messages are left out,
        and answers to a click are not messages."""
        shown = await self.house.database.read(
            lambda tx: tx.execute(
                select(tables.account.c.external_id, tables.message.c.id, tables.message.c.kind)
                .join(tables.account, tables.account.c.person_id == tables.message.c.person_id)
                .where(tables.message.c.shown_version > 0)
                .order_by(tables.account.c.external_id, tables.message.c.id)
            ).all()
        )
        fresh = [row for row in shown if row.id not in self.known and row.external_id in WISHES]
        self.known |= {row.id for row in fresh}
        arrived: dict[str, list[Card]] = {}
        for who, rows in groupby(fresh, key=lambda row: str(row.external_id)):
            arrived[who] = self.cards(who, list(rows))
        return arrived

    def cards(self, who: str, fresh: list[Row[Any]]) -> list[Card]:
        local = self.house.clock().astimezone(ZoneInfo(ZONES[who])).isocalendar()[:2]
        self.week[who, local] += sum(row.kind == POST.name for row in fresh)
        entries = {
            e.reference: e.said for e in self.house.chat.chat.entries(self.house.sender(who).address, who)
        }
        wanted = (POST.name, REMINDER.name)
        cards = [entries[row.id] for row in fresh if row.kind in wanted]
        return [card for card in cards if isinstance(card, Card)]

    def judge(self, who: str, card: Card) -> None:
        now = self.house.clock()
        local = now.astimezone(ZoneInfo(ZONES[who]))
        assert who in self.members, f"{who} is not a member and got {card.title}"
        assert now >= self.paused.get(who, now), f"{who} is on a break"
        assert fits_the_wishes(who, now), f"{who} was written to at {local}"
        assert self.week[who, local.isocalendar()[:2]] <= int(str(WISHES[who]["ceiling"]))

    async def react(self, who: str, card: Card) -> None:
        if who not in self.members:
            return
        house = self.house
        match self.dice.randrange(8):
            case 0:
                back = (house.clock() + timedelta(days=2)).astimezone(ZoneInfo(ZONES[who])).date()
                await house.says(who, f"/cercle pause {back}")
                self.paused[who] = datetime.combine(back, time(), ZoneInfo(ZONES[who]))
            case 1 if len(self.members) > 3:
                await house.says(who, "/cercle leave")
                self.members.discard(who)
            case n:
                kind = REACTIONS[n % 4]
                if kind in kinds(card):
                    await house.presses(who, kind, card)


@pytest.mark.parametrize("seed", range(3))
async def test_voluntary_and_disconnected(house: House, seed: int) -> None:
    """Promises 1 and 2: with consent only, in one's own hours and days, under one's own ceiling."""
    house.clock.now = START
    await house.with_lead()
    for who, wishes in WISHES.items():
        await house.with_member(who, **wishes)
    fortnight = Fortnight(house, seed)
    await fortnight.live()
    assert sum(fortnight.week.values()) > 10, "something did arrive"


async def test_refusals_and_silence_are_shown_to_nobody(house: House) -> None:
    """Promise 3: whatever two members do with a post short of posting it, everything that the author, a
    lead or a colleague can open reads the same."""
    await house.with_lead()
    for who in ("ines", "hugo", "awa"):
        await house.with_member(who)
    await house.with_post()
    await house.settle()
    house.clock.pass_(minutes=2)
    await house.settle()
    before = await _everything_others_see(house)
    await house.presses("ines", Decline, house.card("ines"))
    await house.presses("hugo", Later, house.card("hugo"))
    await house.says("awa", "/cercle pause 2026-12-20")
    house.clock.pass_(minutes=2)
    await house.settle()
    assert await _everything_others_see(house) == before


async def test_whoever_was_paused_before_a_post_looks_like_whoever_was_not(tmp_path: Path) -> None:
    """Promise 3: of two members one was paused before the post was published. Nothing that the author, a lead
    or a colleague reads in a week tells which one, nor that anybody was."""
    seen = []
    for number, paused in enumerate(((), ("ines",), ("hugo",), ("ines", "hugo"))):
        (tmp_path / str(number)).mkdir()
        with fresh("sqlite", tmp_path / str(number)) as url:
            house = House(url)
            seen.append(await _what_others_see_of_a_post(house, paused))
            house.close()
    assert seen[1:] == seen[:1] * 3


async def _what_others_see_of_a_post(house: House, paused: tuple[str, ...]) -> list[list[str]]:
    await house.with_lead()
    for who in ("ines", "hugo"):
        await house.with_member(who)
    for who in paused:
        await house.says(who, "/cercle pause 2026-11-27")
    seen = [await _everything_others_see(house)]
    await house.with_post()
    for _ in range(5):
        for _ in range(3):
            await house.settle()
        seen.append(await _everything_others_see(house))
        house.clock.pass_(days=1)
    return seen


async def _everything_others_see(house: House) -> list[str]:
    typed = ("/cercle contents", "/cercle team", "/cercle home", "/cercle help")
    replies = [await house.says(who, text) for who in ("camille", "lou") for text in typed]
    said = [plain.render(reply.card) for reply in replies if isinstance(reply, Say)]
    return [*said, *(plain.render(card) for who in ("camille", "lou") for card in house.cards(who))]


async def test_nobody_is_ranked(house: House) -> None:
    """Promise 3: no card that somebody else can see holds a figure of one person's."""
    await house.with_lead()
    await house.with_member("ines")
    await house.with_post()
    await house.settle()
    for text in await _everything_others_see(house):
        for line in text.splitlines():
            assert not ("Inès" in line and any(digit.isdigit() for digit in line)), line


async def test_words_are_the_members_and_leave_only_by_their_click(house: House) -> None:
    """Promise 3: the bot cannot post on anybody's account; the text handed over is the one they saved."""
    await house.with_lead()
    await house.with_member("ines")
    await house.with_post()
    await house.settle()
    form = asked(await house.presses("ines", OpenWords, house.card("ines")))
    await house.submits("ines", form, words="Mes mots à moi.")
    await house.settle()
    assert "Mes mots à moi." in plain.render(house.card("ines"))
    assert button(house.card("ines"), OpenWords)
    kept = await house.database.read(lambda tx: [row.text for row in tx.execute(select(tables.words))])
    assert kept == ["Mes mots à moi."]
