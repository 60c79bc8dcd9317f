"""People, members and their consents."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, time
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)

from bot.domain.circle import Account, Circle, Person, Role
from bot.domain.member import Member, Preferences
from storage import recurring, tables
from storage.rows import among, joined, put, split
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

_p, _a, _m = tables.person.c, tables.account.c, tables.member.c
_w, _c = tables.workspace.c, tables.circle.c
_other = tables.account.alias("other")

_comma: Any = literal_column("','")
"""Not a str: SQLAlchemy would write it into the statement anew each time."""
_followed = (
    select(func.aggregate_strings(tables.follow.c.topic_id, _comma))
    .where(tables.follow.c.circle_id == _p.circle_id, tables.follow.c.person_id == _p.id)
    .correlate(tables.person)
    .scalar_subquery()
)


_ACCOUNT = (_a.id, _a.workspace_id, _a.address, _a.name, _a.language, _a.zone, _a.guest, _a.reachable)
_PERSON = (_p.id, _p.circle_id, _p.role, _p.chosen_language, _c.language, _c.zone)
_MEMBER = (
    *(_m.person_id, _m.joined_at, _m.consent_version, _m.paused_until),
    *(_m.weekly_ceiling, _m.day_start, _m.day_end, _m.days, _m.country, _m.instance),
    *(_followed, _m.networks),
)
_A, _PA = len(_ACCOUNT), len(_ACCOUNT) + len(_PERSON)
_ALL = _PA + len(_MEMBER)
"""The columns of an account, a person and a member stand in this order in every row that is read here."""
_ROLES = {role.value: role for role in Role}
ALIKE = 1024
"""Preferences kept in memory, of those read last."""


def _accounts(*more: ColumnElement[Any]) -> Select[Any]:
    """One row an account, with its person, what they are as a member, and `more`."""
    return (
        select(*_ACCOUNT, *_PERSON, *_MEMBER, *more)
        .select_from(tables.account)
        .join(tables.person, (_p.circle_id == _a.circle_id) & (_p.id == _a.person_id))
        .join(tables.circle, _c.id == _a.circle_id)
        .outerjoin(tables.member, (_m.circle_id == _a.circle_id) & (_m.person_id == _a.person_id))
    )


def _people() -> Select[Any]:
    """One row a person, with the account that messages go to."""
    return _accounts().where(_a.receives)


def _person(row: Row[Any]) -> Person:
    """Build a person. Where the platform tells neither language nor zone, those of the circle stand in."""
    account = Account(*row[:_A])
    id, circle_id, role, chosen, circles_language, circles_zone = row[_A:_PA]
    language, zone = chosen or account.language or circles_language, account.zone or circles_zone
    return Person(id, circle_id, _ROLES[role], language, zone, account)


def _member(row: Row[Any]) -> Member | None:
    id, joined_at, version, paused_until, *wishes = row[_PA:_ALL]
    return None if id is None else Member(id, joined_at, version, paused_until, _preferences(*wishes))


@lru_cache(ALIKE)
def _preferences(
    ceiling: int, start: time, end: time, days: str, country: str, instance: str, topics: str, networks: str
) -> Preferences:
    """Many have the same."""
    weekdays, followed = frozenset(map(int, days)), frozenset(split(topics or ""))
    return Preferences(followed, split(networks), ceiling, start, end, weekdays, country, instance)


def _circle(row: Row[Any]) -> Circle:
    r = row._mapping
    return Circle(**{column.name: r[column] for column in _c})


_their_workspace = (
    select(_w.id)
    .where(_w.platform == bindparam("platform"), _w.external_id == bindparam("workspace"))
    .scalar_subquery()
)
_by_sender = _accounts(*_c).where(_a.workspace_id == _their_workspace, _a.external_id == bindparam("user"))
"""A subquery and no join: with the workspace joined, PostgreSQL without statistics read the accounts of the
whole circle once for each of its people (measured: 50 ms in a circle of 400, and 0.2 ms)."""
_by_id = _people().where(_a.circle_id == bindparam("circle"), _a.person_id == bindparam("person"))
_by_ids = _people().where(_a.circle_id == bindparam("circle"), among(_a.person_id, "people"))
_by_address = _people().where(
    _a.circle_id == bindparam("circle"),
    _a.person_id.in_(
        select(_other.c.person_id).where(
            _other.c.circle_id == bindparam("circle"), _other.c.address == bindparam("address")
        )
    ),
)


def find(
    tx: Transaction, platform: str, workspace: str, user: str
) -> tuple[Circle, Person, Member | None] | None:
    """Whom the platform vouched for, under their own circle; None for somebody never seen."""
    row = tx.execute(_by_sender, {"platform": platform, "workspace": workspace, "user": user}).first()
    return (_circle(row), _person(row), _member(row)) if row else None


def load(tx: CircleTransaction, person_id: str) -> tuple[Person, Member | None]:
    row = tx.execute(_by_id, {"circle": tx.circle_id, "person": person_id}).one()
    return _person(row), _member(row)


def load_all(tx: CircleTransaction, person_ids: Collection[str]) -> dict[str, tuple[Person, Member | None]]:
    """By their ids."""
    asked = {"circle": tx.circle_id, "people": list(person_ids)}
    rows = tx.execute(_by_ids, asked).all() if person_ids else ()
    found = ((_person(row), _member(row)) for row in rows)
    return {person.id: (person, member) for person, member in found}


def add(
    tx: Transaction,
    platform: str,
    workspace: str,
    user: str,
    *,
    role: Role = Role.NONE,
    name: str = "",
    language: str = "",
    zone: str = "",
) -> bool:
    """Note somebody down, with their first account, in a workspace that is known; return False if the
    workspace is not. Somebody who is known already stays as they are. Enrols nobody."""
    home = tx.execute(
        select(_w.circle_id, _w.id).where(_w.platform == platform, _w.external_id == workspace)
    ).first()
    if home is None:
        return False
    known = select(_a.id).where(_a.workspace_id == home.id, _a.external_id == user)
    if tx.execute(known).first() is None:
        person = {"circle_id": home.circle_id, "id": new_id(), "role": role}
        tx.execute(insert(tables.person).values(person))
        account = {
            "circle_id": home.circle_id,
            "id": new_id(),
            "person_id": person["id"],
            "workspace_id": home.id,
            "external_id": user,
            "address": f"{platform}:{workspace}:{user}",
            "name": name,
            "language": language,
            "zone": zone,
        }
        tx.execute(insert(tables.account).values(account))
    return True


def change(tx: CircleTransaction, person: Person, **values: object) -> None:
    """Change `chosen_language` or `role`."""
    tx.execute(update(tables.person).where(_p.circle_id == tx.circle_id, _p.id == person.id).values(**values))


def report(tx: CircleTransaction, account: Account, **facts: object) -> None:
    """Store what a platform says of an account: `name`, `language`, `zone`, `guest`, `reachable`."""
    mine = (_a.circle_id == tx.circle_id, _a.id == account.id)
    tx.execute(update(tables.account).where(*mine).values(**facts))
    if "zone" in facts:
        recurring.look_again(tx)


def report_unreachable(tx: CircleTransaction, address: str) -> None:
    """Note that this address cannot be written to. The person's consent stays, and nobody is told."""
    there = (_a.circle_id == tx.circle_id, _a.address == address)
    tx.execute(update(tables.account).where(*there).values(reachable=False))


def with_role(tx: CircleTransaction) -> list[Person]:
    theirs = _people().where(_a.circle_id == tx.circle_id, _p.role != Role.NONE)
    return [_person(row) for row in tx.execute(theirs.order_by(_p.role.desc(), _a.name))]


def who_answer(tx: CircleTransaction, author_id: str) -> list[Person]:
    """Return who answers a question about a post: its author or, if they lost the role or cannot be written
    to any more, the comms team."""
    author, _ = load(tx, author_id)
    return [author] if author.answers else comms_team(tx)


def comms_team(tx: CircleTransaction) -> list[Person]:
    """Return the people of the comms team who can be written to; all of them if none can."""
    team = with_role(tx)
    return [person for person in team if person.answers] or team


def at_address(tx: CircleTransaction, address: str) -> Person | None:
    """Return whose address that is, with the account that messages go to."""
    row = tx.execute(_by_address, {"circle": tx.circle_id, "address": address}).first()
    return _person(row) if row else None


def members(tx: CircleTransaction, topic_id: str) -> Iterable[tuple[Person, Member]]:
    """Yield everybody in the circle who follows a topic, but for guests. What is for somebody who cannot be
    written to now waits for them."""
    follows = tables.follow.c
    rows = tx.execute(
        _people()
        .join(tables.follow, (follows.circle_id == _a.circle_id) & (follows.person_id == _a.person_id))
        .where(_a.circle_id == tx.circle_id, follows.topic_id == topic_id, ~_a.guest)
    )
    for row in rows:
        member = _member(row)
        if member is not None:
            yield _person(row), member


def everyone(tx: CircleTransaction) -> list[tuple[Person, Member]]:
    """Return all members of a circle by name, but for guests."""
    theirs = _people().where(_a.circle_id == tx.circle_id, _m.person_id.is_not(None), ~_a.guest)
    rows = tx.execute(theirs.order_by(_a.name))
    return [(_person(row), member) for row in rows if (member := _member(row)) is not None]


def count_members(tx: CircleTransaction) -> int:
    return tx.execute(
        select(func.count()).select_from(tables.member).where(_m.circle_id == tx.circle_id)
    ).scalar_one()


def join(tx: Transaction, person: Person, preferences: Preferences, version: int, now: datetime) -> None:
    """Enter the circle: the consent and what it was given to, kept for good."""
    tx.execute(
        insert(tables.consent).values(
            circle_id=person.circle_id,
            id=new_id(),
            person_id=person.id,
            version=version,
            language=person.language,
            given_at=now,
        )
    )
    key = {"circle_id": person.circle_id, "person_id": person.id}
    put(
        tx,
        tables.member,
        key,
        {"joined_at": now, "consent_version": version, "paused_until": None, **_columns(preferences)},
    )
    _follow(tx, person, preferences.topics)


def prefer(tx: Transaction, person: Person, preferences: Preferences) -> None:
    tx.execute(
        update(tables.member)
        .where(_m.circle_id == person.circle_id, _m.person_id == person.id)
        .values(**_columns(preferences))
    )
    _follow(tx, person, preferences.topics)


def pause(tx: Transaction, person: Person, until: datetime | None) -> None:
    tx.execute(
        update(tables.member)
        .where(_m.circle_id == person.circle_id, _m.person_id == person.id)
        .values(paused_until=until)
    )


def leave(tx: Transaction, person: Person, now: datetime) -> None:
    """Out, and what was on its way to them is dropped in the same transaction."""
    tx.execute(
        update(tables.consent)
        .where(
            tables.consent.c.circle_id == person.circle_id,
            tables.consent.c.person_id == person.id,
            tables.consent.c.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
    )
    tx.execute(delete(tables.member).where(_m.circle_id == person.circle_id, _m.person_id == person.id))


def _columns(preferences: Preferences) -> dict[str, object]:
    return {
        "weekly_ceiling": preferences.weekly_ceiling,
        "day_start": preferences.day_start,
        "day_end": preferences.day_end,
        "days": "".join(str(day) for day in sorted(preferences.days)),
        "country": preferences.country,
        "networks": joined(preferences.networks),
        "instance": preferences.instance,
    }


def _follow(tx: Transaction, person: Person, topics: frozenset[str]) -> None:
    follows = tables.follow.c
    tx.execute(
        delete(tables.follow).where(follows.circle_id == person.circle_id, follows.person_id == person.id)
    )
    for topic_id in sorted(topics):
        tx.execute(
            insert(tables.follow).values(circle_id=person.circle_id, topic_id=topic_id, person_id=person.id)
        )
