"""An attacker reads every row that is kept, and the export. What stands in the files of the database is read
in tests/storage/test_scrub.py and tests/e2e/test_ballots.py."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import literal_column, select

from bot.chat import plain
from bot.chat.action import pack
from bot.chat.card import Card
from bot.chat.event import Click, Submission
from bot.chat.form import Answers
from handlers.polls import jobs
from handlers.polls.cards import SayWords, ShowMyVote, TakeBack, Vote
from handlers.polls.export import harmless, table
from storage import polls, tables
from storage.transaction import CircleTransaction, Transaction
from tests.databases import fresh
from tests.house import House, asked, kinds, said

ROOT = Path(__file__).parents[2]
VOTERS = ("hugo", "tom", "lou", "awa", "sam", "priya")
NAMES = re.compile(r"[0-9a-f]{64}|[0-9a-f]{32}|[\w-]{22}")
"""Whatever is drawn by lot: ids, tokens, pseudonyms."""
SEALED = ("key", "sealed")
"""Columns of which nobody without the secret key sees more than the length."""
UNORDERED = ("ballot", "ballot_box", "follow", "poll_words", "to_scrub")
"""Tables whose rows stand in an order that is drawn by lot."""
WORDS = re.compile(r"words \d")
SECRETLY, SIGNED = ("anonymous", "asks_words"), ("asks_words",)

Choices = Mapping[str, int]
Words = Mapping[str, str]


async def world(
    url: str, choices: Choices, words: Words, where: str, *, closed: bool, rules: tuple[str, ...] = SECRETLY
) -> House:
    """The same people do the same things at the same moments; only what they choose and write differs."""
    house = House(url)
    for who in ("ines", *VOTERS):
        await house.with_member(who)
    place = "playground:playground:#general" if where == "here" else ""
    form = asked(await house.says("ines", "/cercle poll", place))
    await house.submits("ines", form, question="?", options="a\nb", rules=rules, where=where)
    house.clock.pass_(hours=5)  # a working hour everywhere
    await house.settle()
    poll_id, options = await house.database.read(_options)
    for who in choices:
        for option in (options[1 - choices[who]], options[choices[who]]):
            await house._heard(Click(house.key(), house.sender(who), pack(Vote(option)), place))
            await house.settle()
        said = Submission(
            house.key(), house.sender(who), pack(SayWords(poll_id)), Answers({"words": words[who]})
        )
        await house._heard(said)
    if closed:
        house.clock.pass_(days=7)
        await house.settle()
    return house


def _options(tx: Transaction) -> tuple[str, list[str]]:
    p = tables.poll.c
    circle_id, poll_id = tx.execute(select(p.circle_id, p.id)).one()
    circle = CircleTransaction(tx, circle_id)
    poll = polls.load(circle, poll_id)
    assert poll
    return poll.id, [option.id for option in polls.options(circle, poll)]


def everything(tx: Transaction) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table in the order in which it stands there, random names by their first use, and of
    what is sealed its length; rows whose order is drawn by lot, sorted and without their random names."""
    numbers, seen = count(), dict[str, int]()
    place, found = "rowid" if tx.dialect.name == "sqlite" else "ctid", {}

    def shown(name: str, value: object, ordered: bool) -> str:
        if not ordered and name in SEALED:
            return f"{len(str(value))} characters, sealed"
        number = (lambda name: f"#{seen.setdefault(name[0], next(numbers))}") if ordered else "#"
        return NAMES.sub(number, str(value))

    for each in tables.metadata.sorted_tables:
        ordered = each.name not in UNORDERED
        query = select(*(column for column in each.columns if column.name != "record"))
        rows = tx.execute(query.order_by(literal_column(f"{each.name}.{place}")) if ordered else query)
        told = [tuple(shown(name, value, ordered) for name, value in row._mapping.items()) for row in rows]
        found[each.name] = told if ordered else sorted(told)
    return found


ONE: tuple[Choices, Words] = (
    dict(zip(VOTERS, (0, 1, 0, 1, 1, 0), strict=True)),
    {who: f"words {n}" for n, who in enumerate(VOTERS)},
)
OTHER: tuple[Choices, Words] = (
    dict(zip(VOTERS, (1, 0, 1, 0, 0, 1), strict=True)),
    {who: f"words {5 - n}" for n, who in enumerate(VOTERS)},
)


async def both(folder: Path, where: str, **how: Any) -> list[Any]:
    """What is kept in the two worlds."""
    left = []
    for number, (choices, words) in enumerate((ONE, OTHER)):
        (folder / str(number)).mkdir(parents=True)
        with fresh("sqlite", folder / str(number)) as url:
            house = await world(url, choices, words, where, **how)
            left.append(await house.database.read(everything))
            house.close()
    return left


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize("where", ["here", "members"])
async def test_two_worlds_that_differ_in_who_chose_what_leave_the_same_tables(
    tmp_path: Path, where: str, closed: bool
) -> None:
    one, other = await both(tmp_path, where, closed=closed)
    assert one == other
    assert len(one["ballot"]) == (0 if closed else len(VOTERS))
    assert len(one["poll_words"]) == (len(VOTERS) if closed else 0)


async def test_two_worlds_with_a_signed_poll_do_not(tmp_path: Path) -> None:
    one, other = await both(tmp_path, "here", closed=False, rules=SIGNED)
    assert one != other


async def test_no_row_tells_by_its_transaction_whose_press_wrote_it(postgres_url: str) -> None:
    """PostgreSQL shows which transaction wrote a row. While the poll is open, that tells who has a ballot."""
    house = await world(postgres_url, *ONE, "members", closed=False)
    presses = await house.database.read(lambda tx: _written_by(tx, "message") | _written_by(tx, "inbox"))
    votes = await house.database.read(lambda tx: _written_by(tx, "ballot"))
    assert votes <= presses
    assert not await house.database.read(lambda tx: _written_by(tx, "poll_option")) & votes
    house.clock.pass_(days=7)
    await house.settle()
    for name in ("poll", "poll_option", "poll_words"):
        assert not await house.database.read(lambda tx, name=name: _written_by(tx, name)) & presses
    house.close()


async def test_closing_opens_counts_and_deletes_in_one_transaction(database_url: str) -> None:
    """What is done half is undone whole."""
    house = await world(database_url, *ONE, "members", closed=False)
    before = await house.database.read(everything)
    house.clock.pass_(days=7)

    def fail(tx: Transaction) -> None:
        jobs.keep_time(tx, house.clock())
        assert tx.execute(select(tables.ballot)).all() == tx.execute(select(tables.ballot_box)).all() == []
        assert len(tx.execute(select(tables.to_scrub)).all()) == 1
        assert sum(tx.execute(select(tables.poll_option.c.votes)).scalars()) == len(VOTERS)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        await house.database.transact(fail)
    assert await house.database.read(everything) == before
    house.close()


def test_what_is_beyond_reach_is_documented() -> None:
    """Beside the help text, which test_polls.py reads."""
    told = (ROOT / "docs" / "reliability.md").read_text().split("What remains beyond reach:")[1]
    for beyond in ("backups made while the question was open", "pg_wal", "archives", "Slack or Microsoft"):
        assert beyond in told.split("\n## ")[0]


def _written_by(tx: Transaction, name: str) -> set[str]:
    return {row[0] for row in tx.exec_driver_sql(f"SELECT xmin::text FROM {name}")}


@pytest.mark.parametrize("where", ["here", "members"])
async def test_nobodys_choice_is_written_in_a_message(sqlite_url: str, where: str) -> None:
    """Their own card says that they voted, and shows what in an answer of its own."""
    house = await world(sqlite_url, *ONE, where, closed=False)
    conversations = house.chat.chat._conversations.values()
    cards = [entry.said for each in conversations for entry in each.values() if isinstance(entry.said, Card)]
    assert cards
    assert not [card for card in cards if WORDS.search(plain.render(card)) or TakeBack in kinds(card)]
    if where == "members":
        card = house.card("hugo", "?")
        assert "✓" in plain.render(card)
        shown = said(await house.presses("hugo", ShowMyVote, card))
        assert "words 0" in shown
        assert "Votre choix : a" in shown.replace("\u00a0", " ")
    house.close()


async def test_the_choices_of_others_are_on_nobodys_card(sqlite_url: str) -> None:
    """Not on the author's, not on a lead's."""
    house = await world(sqlite_url, *ONE, "members", closed=False)
    for who in ("ines", "hugo"):
        shown = str(house.card(who, "?"))
        assert not any(other.capitalize() in shown for other in VOTERS)
    house.close()


# The export

CALCULATED = re.compile(r"[=@＝＠]|[+\-＋－][^)\s]|[\t\r\n]")
"""How a cell begins that a spreadsheet would calculate."""
hostile = st.text(st.sampled_from("=+-@\t\r\n,;|\"' a1(＝＋－＠é👩"), max_size=12)
anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(hostile | anything, min_size=1, max_size=9), st.sampled_from(",;"))
def test_no_cell_is_calculated_whatever_was_typed(cells: list[str], separator: str) -> None:
    text = table([cells], separator).decode()
    assert text.startswith("\ufeff")
    written = io.StringIO(text.removeprefix("\ufeff"), newline="")
    (read,) = csv.reader(written, delimiter=separator, strict=True)
    assert len(read) == len(cells)
    assert [cell for cell in read if CALCULATED.match(cell.strip())] == []


@given(hostile, st.sampled_from(",;|"))
def test_nor_when_the_file_is_opened_with_another_separator(typed: str, other: str) -> None:
    pieces = harmless(typed).split(other)
    assert [piece for piece in pieces if CALCULATED.match(piece.lstrip("\"' ")) and "'" not in piece] == []


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+33 1 23", "'+33 1 23"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1+1", "'=1+1"),
        ("oui;=1+1", "oui;'=1+1"),
        ('oui",=1+1', "oui\",'=1+1"),
        ("＝1", "'＝1"),
        ("d’accord ;-)", "d’accord ;-)"),
        ("Non, merci", "Non, merci"),
        ("un\ndeux", "un deux"),
    ],
)
def test_what_becomes_of_a_cell(typed: str, kept: str) -> None:
    assert harmless(typed) == kept
