"""Sealed ballots: who has which secret reads what."""

from __future__ import annotations

from base64 import b64decode
from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert, inspect, select, types, update
from sqlalchemy.exc import OperationalError

from bot.domain.errors import KeyChanged
from bot.domain.poll import Ballot
from storage import ballots, board, polls, pulses, tables
from storage.ballots import Box
from storage.seal import SEAL, Seal, seal_of
from storage.transaction import CircleTransaction
from tests import databases
from tests.storage.rows import NOW

b, k = tables.ballot.c, tables.ballot_box.c
LATER = NOW + timedelta(days=7)
BALLOT = Ballot("?", ("a", "b"), LATER)


@pytest.fixture
def ours(tx: Connection, circle: str) -> CircleTransaction:
    for table in (tables.ballot, tables.ballot_box, tables.to_scrub):
        tx.execute(table.delete())
    return CircleTransaction(tx, circle)


def opened(ours: CircleTransaction, subject_id: str = "question") -> Box:
    ballots.start(ours, subject_id)
    box = ballots.box(ours, subject_id)
    assert box is not None
    return box


def test_what_is_sealed_for_one_row_opens_in_no_other_and_under_no_other_key() -> None:
    seal = Seal.of_secret("one secret")
    sealed = seal.close(b"content", "row 1")
    assert seal.open(sealed, "row 1") == b"content"
    assert Seal.of_secret("one secret").open(sealed, "row 1") == b"content"
    assert seal.open(sealed, "row 2") is None
    assert Seal.of_secret("another").open(sealed, "row 1") is None
    assert seal.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), "row 1") is None
    assert seal.close(b"content", "row 1") != sealed


def test_a_database_opened_without_the_secret_seals_nothing(tx: Connection) -> None:
    del tx.info[SEAL]
    with pytest.raises(RuntimeError, match="without the secret key"):
        seal_of(tx)
    with pytest.raises(RuntimeError, match="without the secret key"):
        ballots.start(CircleTransaction(tx, "ours"), "question")
    tx.info[SEAL] = databases.SEAL


def test_a_ballot_is_found_again_by_its_voter_and_replaced(ours: CircleTransaction) -> None:
    box = opened(ours)
    ines, tom = box.voter("ines"), box.voter("tom")
    ballots.cast(ours, box, ines, b"yes")
    ballots.cast(ours, box, ines, b"no.")
    assert ballots.answer(ours, box, ines) == b"no."
    assert ballots.answer(ours, box, tom) is None
    assert ballots.answered(ours, box, ["ines", "tom"]) == {"ines"}
    ballots.withdraw(ours, box, ines)
    assert ballots.answered(ours, box, ["ines", "tom"]) == frozenset()


def test_a_ballot_holds_no_time_and_no_number_and_stands_in_no_order(tx: Connection) -> None:
    """As the database itself describes it."""
    columns = inspect(tx).get_columns(tables.ballot.name)
    assert {column["name"] for column in columns} == {"circle_id", "subject_id", "voter", "sealed"}
    assert not [c for c in columns if isinstance(c["type"], (types.Numeric, types.Integer, types.DateTime))]
    if tx.dialect.name == "sqlite":
        for table in ballots.SECRET:
            with pytest.raises(OperationalError, match="no such column: rowid"):
                tx.exec_driver_sql(f"SELECT rowid FROM {table}")


def test_nothing_of_it_is_readable_in_the_rows(ours: CircleTransaction) -> None:
    box = opened(ours)
    assert repr(box) == "Box(question)"
    ballots.cast(ours, box, box.voter("ines"), b"words in the clear")
    (row,) = ours.execute(select(tables.ballot)).all()
    (key,) = ours.execute(select(k.key)).scalars()
    assert "ines" not in str(row)
    assert b"clear" not in b64decode(row.sealed)
    assert box.key not in b64decode(key)


def test_the_same_person_has_another_name_in_each_question(ours: CircleTransaction) -> None:
    one, other = opened(ours), opened(ours, "another")
    assert one.voter("ines") != other.voter("ines")


def test_a_ballot_that_somebody_moved_or_changed_does_not_count(ours: CircleTransaction) -> None:
    box = opened(ours)
    for who in ("ines", "tom", "awa"):
        ballots.cast(ours, box, box.voter(who), who.encode())
    sealed = select(b.sealed).where(b.voter == box.voter("ines"))
    taken = ours.execute(sealed).scalar_one()
    ours.execute(update(tables.ballot).where(b.voter == box.voter("tom")).values(sealed=taken))
    forged = {"circle_id": "ours", "subject_id": "question", "voter": "f" * 32, "sealed": taken}
    ours.execute(insert(tables.ballot).values(forged))
    assert ballots.answer(ours, box, box.voter("tom")) is None
    assert sorted(ballots.empty(ours, "question") or ()) == [b"awa", b"ines"]


def test_emptying_a_box_leaves_other_boxes_alone_and_asks_for_a_scrub(ours: CircleTransaction) -> None:
    box, other = opened(ours), opened(ours, "another")
    ballots.cast(ours, box, box.voter("ines"), b"yes")
    ballots.cast_another(ours, box, b"more")
    ballots.cast(ours, other, other.voter("ines"), b"kept")
    assert sorted(ballots.empty(ours, "question") or ()) == [b"more", b"yes"]
    assert ballots.box(ours, "question") is None
    assert ballots.answer(ours, other, other.voter("ines")) == b"kept"
    assert ballots.scrubs(ours) == ["question"]
    assert ballots.scrubbed(ours, ["question"]) == 1
    assert ballots.scrubs(ours) == []


def test_whatever_is_asked_secretly_asks_for_a_scrub_when_it_closes(ours: CircleTransaction) -> None:
    poll_id = polls.open_poll(ours, ours.execute(select(tables.person.c.id)).scalars().first(), BALLOT, NOW)
    pulse_id = pulses.start(ours, NOW, LATER)
    gathering_id = board.start(ours, None, NOW, LATER, anonymous=True)
    assert pulse_id
    assert gathering_id
    poll = polls.load(ours, poll_id)
    assert poll
    asked = {poll_id, pulse_id, gathering_id}
    assert set(ours.execute(select(k.subject_id)).scalars()) == asked
    polls.close(ours, poll, LATER)
    pulses.close(ours, pulse_id, LATER)
    pulses.take(ours, pulse_id)
    board.close(ours, gathering_id, LATER)
    assert set(ballots.scrubs(ours)) == asked
    assert ours.execute(select(tables.ballot_box)).all() == []


def test_under_another_secret_nobody_answers_and_emptying_says_so(
    tx: Connection, ours: CircleTransaction
) -> None:
    box = opened(ours)
    ballots.cast(ours, box, box.voter("ines"), b"yes")
    tx.info[SEAL] = Seal.of_secret("another secret, as long as the first one")
    with pytest.raises(KeyChanged):
        ballots.box(ours, "question")
    assert ballots.empty(ours, "question") is None
    assert tx.execute(select(tables.ballot)).all() == []
    assert tx.execute(select(tables.ballot_box)).all() == []
    tx.info[SEAL] = databases.SEAL


def test_questions_sealed_under_another_secret_are_counted(tx: Connection, ours: CircleTransaction) -> None:
    opened(ours)
    assert ballots.unreadable(tx) == 0
    tx.info[SEAL] = Seal.of_secret("another secret, as long as the first one")
    opened(ours, "another")
    assert ballots.unreadable(tx) == 1
    tx.info[SEAL] = databases.SEAL
