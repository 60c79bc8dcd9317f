"""Sealed ballots: what people answer to a secret poll, a pulse or an anonymous round of the board while that
is open.

A ballot is one row: the question, a pseudonym, and the answer, encrypted and of the same length for
everybody. Both need the key of the question's box, which is stored encrypted under CERCLE_SECRET_KEY. Without
that secret nobody links a person to an answer, whatever they have of the database. Closing deletes the
ballots and the key in the transaction that counts them; `scrubs` then names the boxes whose rows still have
to be removed from the files of the database (`Database.scrub`)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, insert, select

from bot.domain.errors import KeyChanged
from bot.domain.secrecy import new_key, pseudonym
from storage import tables
from storage.rows import among, put
from storage.seal import KEY, Seal, seal_of
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

_b, _k, _s = tables.ballot.c, tables.ballot_box.c, tables.to_scrub.c
SECRET = (tables.ballot_box.name, tables.ballot.name)
"""The tables whose deleted rows have to disappear from the files, in the order in which a transaction uses
them."""


@dataclass(frozen=True, slots=True)
class Box:
    """The ballot box of one question while it is open. `key` makes the pseudonyms, `seal` seals the
    ballots."""

    circle_id: str
    subject_id: str
    key: bytes
    seal: Seal

    def __repr__(self) -> str:
        return f"Box({self.subject_id})"

    def voter(self, person_id: str) -> str:
        """Return the pseudonym under which this person answers."""
        return pseudonym(self.key, person_id)

    def about(self, voter: str) -> str:
        return f"ballot/{self.circle_id}/{self.subject_id}/{voter}"


def start(tx: CircleTransaction, subject_id: str) -> None:
    """Put up the box of a question."""
    sealed = seal_of(tx).close(new_key() + new_key(), _about_box(tx, subject_id))
    row = {"circle_id": tx.circle_id, "subject_id": subject_id, "key": _text(sealed)}
    tx.execute(insert(tables.ballot_box).values(row))


_box = select(_k.key).where(_k.circle_id == bindparam("circle"), _k.subject_id == bindparam("subject"))


def box(tx: CircleTransaction, subject_id: str) -> Box | None:
    """None for a question that is closed. Raises KeyChanged."""
    sealed = tx.execute(_box, {"circle": tx.circle_id, "subject": subject_id}).scalar()
    if sealed is None:
        return None
    keys = seal_of(tx).open(_bytes(sealed), _about_box(tx, subject_id))
    if keys is None:
        raise KeyChanged
    return Box(tx.circle_id, subject_id, keys[:KEY], Seal(keys[KEY:]))


def _about_box(tx: CircleTransaction, subject_id: str) -> str:
    return f"ballot_box/{tx.circle_id}/{subject_id}"


def unreadable(tx: Transaction) -> int:
    """Count the open questions, of all circles, whose key was stored under another CERCLE_SECRET_KEY."""
    rows = tx.execute(select(_k.circle_id, _k.subject_id, _k.key)).all()
    abouts = ((row, _about_box(CircleTransaction(tx, row.circle_id), row.subject_id)) for row in rows)
    return sum(seal_of(tx).open(_bytes(row.key), about) is None for row, about in abouts)


def _text(sealed: bytes) -> str:
    return b64encode(sealed).decode()


def _bytes(text: str) -> bytes:
    return b64decode(text)


# Ballots


def cast(tx: CircleTransaction, box: Box, voter: str, answer: bytes) -> None:
    """Put in a ballot, in the place of an earlier one of the same voter."""
    key = {"circle_id": box.circle_id, "subject_id": box.subject_id, "voter": voter}
    put(tx, tables.ballot, key, {"sealed": _text(box.seal.close(answer, box.about(voter)))})


def cast_another(tx: CircleTransaction, box: Box, answer: bytes) -> None:
    """Put in a ballot beside those of the same voter. Nobody finds it again before the box is emptied."""
    cast(tx, box, new_id(), answer)


_in_box = (_b.circle_id == bindparam("circle"), _b.subject_id == bindparam("subject"))
_one = (*_in_box, _b.voter == bindparam("who"))
_sealed = select(_b.sealed).where(*_one)
_withdrawn = delete(tables.ballot).where(*_one)
_voters = select(_b.voter).where(*_in_box, among(_b.voter, "voters"))


def _where(box: Box) -> dict[str, str]:
    return {"circle": box.circle_id, "subject": box.subject_id}


def answer(tx: CircleTransaction, box: Box, voter: str) -> bytes | None:
    """Return what the voter's ballot holds."""
    sealed = tx.execute(_sealed, {**_where(box), "who": voter}).scalar()
    return None if sealed is None else box.seal.open(_bytes(sealed), box.about(voter))


def withdraw(tx: CircleTransaction, box: Box, voter: str) -> None:
    tx.execute(_withdrawn, {**_where(box), "who": voter})


def answered(tx: CircleTransaction, box: Box, person_ids: Collection[str]) -> frozenset[str]:
    """Return who of these people has a ballot in the box."""
    names = {box.voter(person_id): person_id for person_id in person_ids}
    found = tx.execute(_voters, {**_where(box), "voters": list(names)}).scalars()
    return frozenset(names[voter] for voter in found)


# Closing


def empty(tx: CircleTransaction, subject_id: str) -> list[bytes] | None:
    """Take down a box: return the answers in no order that tells anything, and delete them and the key. None
    when they cannot be read, because CERCLE_SECRET_KEY is not the one under which the key was stored. A
    ballot that does not open was changed by somebody else, and does not count."""
    try:
        opened = box(tx, subject_id)
        answers = _opened(tx, opened) if opened else []
    except KeyChanged:
        answers = None
    where = {"circle": tx.circle_id, "subject": subject_id}
    tx.execute(delete(tables.ballot_box).where(*_of_box), where)
    tx.execute(delete(tables.ballot).where(*_in_box), where)
    tx.execute(insert(tables.to_scrub).values(circle_id=tx.circle_id, subject_id=subject_id))
    return answers


_of_box = (_k.circle_id == bindparam("circle"), _k.subject_id == bindparam("subject"))


def _opened(tx: CircleTransaction, box: Box) -> list[bytes]:
    """In the order of the pseudonyms, which are random."""
    rows = tx.execute(select(_b.voter, _b.sealed).where(*_in_box).order_by(_b.voter), _where(box))
    opened = (box.seal.open(_bytes(row.sealed), box.about(row.voter)) for row in rows)
    return [answer for answer in opened if answer is not None]


_to_scrub = select(_s.subject_id).where(_s.circle_id >= "")


def scrubs(tx: Transaction) -> list[str]:
    """Return the questions, of all circles, whose ballots are deleted and may still be in the files. The
    condition is always true; with it both databases look into the index."""
    return list(tx.execute(_to_scrub).scalars())


def scrubbed(tx: Transaction, subject_ids: Collection[str]) -> int:
    """Note that nothing is left of these in the files."""
    return tx.execute(delete(tables.to_scrub).where(_s.subject_id.in_(subject_ids))).rowcount
