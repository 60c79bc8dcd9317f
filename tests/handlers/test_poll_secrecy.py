"""An attacker reads everything that is kept: the database, row by row and byte by byte, and the export."""

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
from sqlalchemy import create_engine, literal_column, make_url, select

from bot.chat.action import pack
from bot.chat.event import Click, Submission
from bot.chat.form import Answers
from bot.domain.secrecy import pseudonym
from handlers.polls.cards import SayWords, Vote
from handlers.polls.export import harmless, table
from storage import polls, tables
from storage.transaction import CircleTransaction, Transaction
from tests.databases import fresh
from tests.house import House, asked

VOTERS = ("hugo", "tom", "lou", "awa", "sam", "priya")
NAMES = re.compile(r"[\w-]{22}|[0-9a-f]{32}|[0-9a-f]{64}")
"""Whatever is drawn by lot: ids, tokens, keys, pseudonyms."""

Choices = Mapping[str, int]
Words = Mapping[str, str]


async def world(url: str, choices: Choices, words: Words, where: str, *, closed: bool) -> House:
    """The same people do the same things at the same moments; only what they choose and write differs."""
    house = House(url)
    for who in ("ines", *VOTERS):
        await house.with_member(who)
    place = "playground:playground:#general" if where == "here" else ""
    form = asked(await house.says("ines", "/cercle poll", place))
    rules = ("anonymous", "live", "asks_words")
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
    """Every row of every table in the order in which it stands there, random names by their first use; but
    free answers and topics, whose order is drawn by lot, sorted."""
    numbers, seen = count(), dict[str, int]()

    def plain(value: Any) -> Any:
        if isinstance(value, str):
            return NAMES.sub(lambda name: f"#{seen.setdefault(name[0], next(numbers))}", value)
        return value

    place = "rowid" if tx.dialect.name == "sqlite" else "ctid"
    found = {}
    for each in tables.metadata.sorted_tables:
        columns = [column for column in each.columns if column.name != "record"]
        rows = tx.execute(select(*columns).order_by(literal_column(f"{each.name}.{place}"))).all()
        found[each.name] = [tuple(plain(str(value)) for value in row) for row in rows]
    texts = sorted(row[-1] for row in found.pop("poll_words"))
    return {**found, "poll_words": [tuple(texts)], "follow": sorted(found["follow"])}


ONE: tuple[Choices, Words] = (
    dict(zip(VOTERS, (0, 1, 0, 1, 1, 0), strict=True)),
    {who: f"words {n}" for n, who in enumerate(VOTERS)},
)
OTHER: tuple[Choices, Words] = (
    dict(zip(VOTERS, (1, 0, 1, 0, 0, 1), strict=True)),
    {who: f"words {5 - n}" for n, who in enumerate(VOTERS)},
)


@pytest.mark.parametrize("where", ["here", "members"])
async def test_two_worlds_that_differ_in_who_chose_what_leave_the_same_tables(
    tmp_path: Path, where: str
) -> None:
    left: dict[bool, list[Any]] = {True: [], False: []}
    for closed in (True, False):
        for number, (choices, words) in enumerate((ONE, OTHER)):
            folder = tmp_path / f"{closed}{number}"
            folder.mkdir()
            with fresh("sqlite", folder) as url:
                house = await world(url, choices, words, where, closed=closed)
                left[closed].append(await house.database.read(everything))
                house.close()
    assert left[True][0] == left[True][1]
    assert left[False][0] != left[False][1]  # while it is open a vote can be changed, so it is somebody's


async def test_the_file_itself_forgets_the_key_and_every_pseudonym(sqlite_url: str) -> None:
    house = await world(sqlite_url, *ONE, "members", closed=False)
    file = Path(make_url(sqlite_url).database or "")
    key, people = await house.database.read(_secrets)
    secrets = [key, *(pseudonym(key, person) for person in people)]
    voted = [secret for secret in secrets if secret.encode() in _bytes(sqlite_url, file)]
    assert key in voted
    assert len(voted) == 1 + len(VOTERS)
    house.clock.pass_(days=7)
    await house.settle()
    assert [secret for secret in secrets if secret.encode() in _bytes(sqlite_url, file)] == []
    house.close()


def _secrets(tx: Transaction) -> tuple[str, list[str]]:
    return tx.execute(select(tables.poll.c.key)).scalar_one(), list(
        tx.execute(select(tables.person.c.id)).scalars()
    )


def _bytes(url: str, file: Path) -> bytes:
    """The file and its log, after a checkpoint."""
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return b"".join(path.read_bytes() for path in file.parent.iterdir() if path.name.startswith(file.name))


async def test_no_row_tells_by_its_transaction_whose_press_wrote_it(postgres_url: str) -> None:
    """PostgreSQL shows which transaction wrote a row: a counter's would be the one of somebody's own copy."""
    house = await world(postgres_url, *ONE, "members", closed=False)
    presses = await house.database.read(lambda tx: _written_by(tx, "message") | _written_by(tx, "inbox"))
    counters = await house.database.read(lambda tx: _written_by(tx, "poll_option"))
    assert counters & presses
    house.clock.pass_(days=7)
    await house.settle()
    for name in ("poll", "poll_option", "poll_words"):
        assert not await house.database.read(lambda tx, name=name: _written_by(tx, name)) & presses
    house.close()


def _written_by(tx: Transaction, name: str) -> set[str]:
    return {row[0] for row in tx.exec_driver_sql(f"SELECT xmin::text FROM {name}")}


async def test_the_choices_of_others_are_on_nobodys_card(sqlite_url: str) -> None:
    """Not on the author's, not on a lead's: their copies differ from others' by their own choice only."""
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
